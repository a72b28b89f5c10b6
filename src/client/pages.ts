import type { Envelope } from './connection.ts'

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[]
  /** Where the next page starts; '' on the last. */
  readonly cursor: string
  readonly total: number
  readonly version: number
}

/**
 * A list in pages. `for await (const item of list)` walks all of it, one page ahead; `await list.page()`
 * reads its first page, or the one that a cursor names.
 */
export class Pages<T> implements AsyncIterable<T> {
  private readonly read: (cursor: string | undefined) => Promise<Envelope<T[]>>

  constructor(read: (cursor: string | undefined) => Promise<Envelope<T[]>>) {
    this.read = read
  }

  async page(cursor?: string): Promise<Page<T>> {
    const { data, cursor: next = '', total = data.length, version = 0 } = await this.read(cursor)
    return { items: data, cursor: next, total, version }
  }

  /** Every item, in one array: for lists that are known to be short. */
  async all(): Promise<T[]> {
    const items: T[] = []
    for await (const item of this) items.push(item)
    return items
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    let next: Promise<Page<T>> | undefined = this.page()
    while (next !== undefined) {
      const { items, cursor }: Page<T> = await next
      next = cursor === '' ? undefined : this.page(cursor)
      // An error of this request is thrown later, where it is awaited. Until then it must not count as
      // unhandled.
      next?.catch(() => undefined)
      yield* items
    }
  }
}
