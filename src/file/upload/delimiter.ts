import type { Bytes } from '../../platform.ts'

/**
 * Looks for one mark in a stream, chunk after chunk, by the algorithm of Knuth, Morris and Pratt. It never
 * looks at a byte again when the next chunk comes. So the work is linear in the bytes, however they are cut.
 * If a chunk ends with the beginning of a mark, those bytes are known from the mark itself. So no part of a
 * chunk has to be kept.
 */
export class DelimiterSearch {
  readonly mark: Bytes
  /** For each length of a partial match: how much of the mark still matches if the next byte does not fit. */
  private readonly shorter: Uint8Array
  /** The length of the mark's beginning that the bytes so far end with. */
  private matched = 0

  /** The mark must be 1 to 255 bytes. */
  constructor(mark: Bytes) {
    this.mark = mark
    this.shorter = new Uint8Array(mark.byteLength + 1)
    for (let i = 1, length = 0; i < mark.byteLength; i++) {
      while (length > 0 && mark[i] !== mark[length]) length = this.shorter[length] as number
      if (mark[i] === mark[length]) length++
      this.shorter[i + 1] = length
    }
  }

  /**
   * Looks at `chunk` from `start` on. `end` is the position behind the mark, or -1 if the mark is not
   * complete yet. `begun` and `to` describe the bytes that precede the mark, or that are certain not to
   * belong to it. These are the first `begun` bytes of the mark, which an earlier chunk ended with, and then
   * the chunk from `start` to `to`.
   */
  next(chunk: Bytes, start = 0): { readonly end: number; readonly begun: number; readonly to: number } {
    const { mark, shorter } = this
    const carried = this.matched
    let matched = carried
    let at = start
    while (at < chunk.byteLength) {
      if (matched === 0) {
        // The runtime's own search jumps to the next place where the mark may begin.
        const found = chunk.indexOf(mark[0] as number, at)
        if (found < 0) {
          at = chunk.byteLength
          break
        }
        at = found + 1
        matched = 1
      } else if (chunk[at] === mark[matched]) {
        at++
        matched++
      } else matched = shorter[matched] as number
      if (matched === mark.byteLength) {
        this.matched = 0
        return { end: at, ...settled(carried, at - start - matched, start) }
      }
    }
    this.matched = matched
    return { end: -1, ...settled(carried, at - start - matched, start) }
  }
}

/**
 * `length` counts from the start of the chunk. It is negative while bytes of earlier chunks may still be part
 * of the mark.
 */
function settled(carried: number, length: number, start: number): { begun: number; to: number } {
  return length >= 0 ? { begun: carried, to: start + length } : { begun: carried + length, to: start }
}
