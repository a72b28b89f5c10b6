export interface Element {
  readonly id: number
  /** Where the element's content starts and ends. */
  readonly start: number
  readonly end: number
}

/**
 * The elements between two positions of a WebM or Matroska file, all or those of one id (RFC 8794 and 9559).
 */
export function* elements(bytes: Uint8Array, from: number, to: number, wanted?: number): Generator<Element> {
  for (let at = from; at < to; ) {
    const id = variableInt(bytes, at, true)
    const size = id && variableInt(bytes, at + id.length, false)
    if (!size) return
    const start = at + id.length + size.length
    // A size of all ones means that the size was unknown when the file was begun, as when a browser records.
    // Such an element goes on to the end.
    const end = size.value === 2 ** (7 * size.length) - 1 ? to : Math.min(start + size.value, to)
    if (wanted === undefined || id.value === wanted) yield { id: id.value, start, end }
    at = end
  }
}

/**
 * Reads a number of up to 8 bytes, whose first byte tells its length. An ID keeps the bit that tells the
 * length.
 */
export function variableInt(
  bytes: Uint8Array,
  at: number,
  keepMark: boolean,
): { value: number; length: number } | undefined {
  const first = bytes[at]
  if (first === undefined || first === 0) return undefined
  const length = Math.clz32(first) - 23
  if (at + length > bytes.length) return undefined
  let value = keepMark ? first : first & (0xff >> length)
  for (let i = 1; i < length; i++) value = value * 256 + (bytes[at + i] ?? 0)
  return { value, length }
}
