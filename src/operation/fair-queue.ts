/** Who waits: an app and one of its users ('' for the app itself). */
export interface Turn {
  readonly app_id: string
  readonly user: string
}

/**
 * A queue in which apps take turns, and the users of an app take turns. The items of one user keep their
 * order. A user with very many items delays only itself: every other user waits for at most one of them.
 */
export class FairQueue<Item> {
  /** Apps and users, in the order of their turns. */
  private readonly apps = new Map<string, Map<string, Item[]>>()
  private count = 0

  get size(): number {
    return this.count
  }

  /** How many items of this user are waiting. */
  waitingOf({ app_id, user }: Turn): number {
    return this.apps.get(app_id)?.get(user)?.length ?? 0
  }

  push({ app_id, user }: Turn, item: Item): void {
    const users = this.apps.get(app_id) ?? new Map<string, Item[]>()
    const items = users.get(user) ?? []
    items.push(item)
    users.set(user, items)
    this.apps.set(app_id, users)
    this.count++
  }

  /** Adds an item before all others of this user. For an item whose turn came but that could not run. */
  putBack(turn: Turn, item: Item): void {
    const others = this.apps.get(turn.app_id)?.get(turn.user)
    if (others === undefined) {
      this.push(turn, item)
      return
    }
    others.unshift(item)
    this.count++
  }

  /** Removes all items and answers them. */
  clear(): Item[] {
    const items = [...this.apps.values()].flatMap(users => [...users.values()].flat())
    this.apps.clear()
    this.count = 0
    return items
  }

  /** Removes and answers the next item for which `may` is true; undefined if there is none. */
  shift(may: (turn: Turn, item: Item) => boolean = () => true): Item | undefined {
    for (const [app_id, users] of this.apps) {
      for (const [user, items] of users) {
        const [item] = items
        if (item === undefined || !may({ app_id, user }, item)) continue
        items.shift()
        this.count--
        // An app or user that had its turn goes to the end of the line.
        users.delete(user)
        if (items.length > 0) users.set(user, items)
        this.apps.delete(app_id)
        if (users.size > 0) this.apps.set(app_id, users)
        return item
      }
    }
    return undefined
  }

  /** Removes an item that no longer waits. */
  remove({ app_id, user }: Turn, item: Item): void {
    const users = this.apps.get(app_id)
    const items = users?.get(user)
    const at = items?.indexOf(item) ?? -1
    if (users === undefined || items === undefined || at < 0) return
    items.splice(at, 1)
    this.count--
    if (items.length === 0) users.delete(user)
    if (users.size === 0) this.apps.delete(app_id)
  }
}
