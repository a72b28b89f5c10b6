import type { Bytes } from '../../platform.ts'

/**
 * Looks for one mark in a stream, chunk after chunk, by the algorithm of Knuth, Morris and Pratt. No byte is
 * looked at again when the next chunk comes: the work is linear in the bytes, whatever their cut. What the
 * end of a chunk may have begun is the beginning of the mark itself, so nothing of a chunk must be kept.
 */
export class DelimiterSearch {
  readonly mark: Bytes
  /** For each length of a match, how much of the mark still matches when the next byte does not. */
  private readonly shorter: Uint8Array
  /** How many bytes of the mark the bytes so far end with. */
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
   * Looks at `chunk` from `start` on. `end` is the position behind the mark, or -1 if it has not ended yet.
   * `before` is what precedes the mark, or what is certain not to belong to it: first `before.begun` bytes
   * of the mark itself that an earlier chunk ended with, then the chunk from `start` to `before.to`.
   */
  next(chunk: Bytes, start = 0): { readonly end: number; readonly begun: number; readonly to: number } {
    const { mark, shorter } = this
    const carried = this.matched
    let matched = carried
    let at = start
    while (at < chunk.byteLength) {
      if (matched === 0) {
        // The runtime's own search jumps to where the mark may begin.
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

/** `length` counts from the start of the chunk and is negative where carried bytes are still in question. */
function settled(carried: number, length: number, start: number): { begun: number; to: number } {
  return length >= 0 ? { begun: carried, to: start + length } : { begun: carried + length, to: start }
}
