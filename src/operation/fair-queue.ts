/** Whose turn it is: an app, and a user of it ('' for the app itself). */
export interface Turn {
  readonly app_id: string
  readonly user: string
}

/**
 * A queue that takes apps in turn, and within an app its users, and what one user brought in the order it came.
 * Whoever brings very much waits behind itself: everybody else waits for one of its items at most.
 */
export class FairQueue<Item> {
  /** In the order of their turns. */
  private readonly apps = new Map<string, Map<string, Item[]>>()
  private count = 0

  get size(): number {
    return this.count
  }

  /** How many items of this user wait. */
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

  /** As `push`, but before all else of this user: it has had its turn, and could not use it. */
  putBack(turn: Turn, item: Item): void {
    const others = this.apps.get(turn.app_id)?.get(turn.user)
    if (others === undefined) {
      this.push(turn, item)
      return
    }
    others.unshift(item)
    this.count++
  }

  /** Takes everything out. */
  clear(): Item[] {
    const items = [...this.apps.values()].flatMap(users => [...users.values()].flat())
    this.apps.clear()
    this.count = 0
    return items
  }

  /** The next item, out of those apps and users that `may` have a turn now; undefined if there is none. */
  shift(may: (turn: Turn, item: Item) => boolean = () => true): Item | undefined {
    for (const [app_id, users] of this.apps) {
      for (const [user, items] of users) {
        const [item] = items
        if (item === undefined || !may({ app_id, user }, item)) continue
        items.shift()
        this.count--
        // Whoever had its turn goes to the end of the line.
        users.delete(user)
        if (items.length > 0) users.set(user, items)
        this.apps.delete(app_id)
        if (users.size > 0) this.apps.set(app_id, users)
        return item
      }
    }
    return undefined
  }

  /** Takes an item out that waits no more. */
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
