/** Keeps small results in memory that are not worth storing: the latest ones, at most `maxBytes` together. */
export class RecentBytes<Value extends { readonly size: number }> {
  private readonly maxBytes: number
  /** The entry that was not used for the longest time comes first. */
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
    const { size } = value
    // One result must not push out all others.
    if (size > this.maxBytes / 8 || this.entries.has(key)) return
    this.entries.set(key, value)
    this.held += size
    for (const [oldest, { size }] of this.entries) {
      if (this.held <= this.maxBytes) return
      this.entries.delete(oldest)
      this.held -= size
    }
  }
}
