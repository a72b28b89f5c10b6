import type { Bytes } from '../../platform.ts'

/** Small results that are not worth the store, held for those who ask again: the latest of at most `maxBytes`. */
export class RecentBytes<Value extends { readonly bytes: Bytes }> {
  private readonly maxBytes: number
  /** The longest unused first. */
  private readonly entries = new Map<string, Value>()
  private held = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  get(key: string): Value | undefined {
    const value = this.entries.get(key)
    if (value !== undefined) {
      this.entries.delete(key)
      this.entries.set(key, value)
    }
    return value
  }

  set(key: string, value: Value): void {
    const size = value.bytes.byteLength
    // One must not push all others out.
    if (size > this.maxBytes / 8 || this.entries.has(key)) return
    this.entries.set(key, value)
    this.held += size
    for (const [oldest, { bytes }] of this.entries) {
      if (this.held <= this.maxBytes) return
      this.entries.delete(oldest)
      this.held -= bytes.byteLength
    }
  }
}
