export interface TiffEntry {
  readonly tag: number
  /**
   * The entry's first number if the entry itself contains it as a short or long integer; otherwise the
   * position of its data.
   */
  readonly value: number
  /** Where the entry's 12 bytes begin. */
  readonly at: number
}

export interface TiffDirectory {
  readonly entries: readonly TiffEntry[]
  /** Whether numbers are little-endian (lowest byte first). */
  readonly little: boolean
}

const SHORT = 3

/** A directory of a TIFF: the one at `at`, or the first one. undefined if there is no valid directory. */
export function readDirectory(tiff: Uint8Array, at?: number): TiffDirectory | undefined {
  if (tiff.length < 14) return undefined
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength)
  const order = view.getUint16(0)
  const little = order === 0x4949
  if ((!little && order !== 0x4d4d) || view.getUint16(2, little) !== 42) return undefined
  const directory = at ?? view.getUint32(4, little)
  if (directory + 2 > tiff.length) return undefined
  const entries: TiffEntry[] = []
  for (let i = 0; i < view.getUint16(directory, little); i++) {
    const entry = directory + 2 + i * 12
    if (entry + 12 > tiff.length) return undefined
    const isShort = view.getUint16(entry + 2, little) === SHORT && view.getUint32(entry + 4, little) === 1
    const value = isShort ? view.getUint16(entry + 8, little) : view.getUint32(entry + 8, little)
    entries.push({ tag: view.getUint16(entry, little), value, at: entry })
  }
  return { entries, little }
}
