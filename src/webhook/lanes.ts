/*
 * The order of deliveries: events of one group go out one after the other, those of different groups beside one
 * another. A lane is a group, 0 where an event has none; in strict order everything is in one lane.
 */

/** An event on its way. */
export interface Queued {
  readonly seq: number
  readonly lane: number
}

/** Which event may go out next, and up to which one everything is settled. Events are added in their order. */
export class Lanes<Event extends Queued> {
  /** What waits in each lane, the first one being under way. */
  private readonly waiting = new Map<number, Event[]>()
  /** Lanes with something to send and nothing under way. */
  private readonly ready: number[] = []
  private readonly held = new Set<number>()
  /** All events that were added and may not be settled yet, in their order. */
  private readonly open: { readonly seq: number; settled: boolean }[] = []
  private readonly entries = new Map<number, { readonly seq: number; settled: boolean }>()
  private last: number

  /** `after`: everything up to this event is settled. */
  constructor(after: number, held: Iterable<number>) {
    this.last = after
    for (const lane of held) this.held.add(lane)
  }

  /** Everything up to this event is settled. */
  get settledUpTo(): number {
    while (this.open[0]?.settled === true) this.entries.delete((this.open.shift() as { seq: number }).seq)
    const [first] = this.open
    return first === undefined ? this.last : first.seq - 1
  }

  /** How many events wait or are under way. */
  get size(): number {
    return this.entries.size
  }

  isHeld(lane: number): boolean {
    return this.held.has(lane)
  }

  /** An event that nobody wants, or that is held up: it needs no delivery now. */
  pass(seq: number): void {
    this.last = seq
  }

  add(event: Event): void {
    this.last = event.seq
    const entry = { seq: event.seq, settled: false }
    this.open.push(entry)
    this.entries.set(event.seq, entry)
    const lane = this.waiting.get(event.lane)
    if (lane !== undefined) lane.push(event)
    else {
      this.waiting.set(event.lane, [event])
      this.ready.push(event.lane)
    }
  }

  /** The next event that may go out, which is under way from now on. */
  next(): Event | undefined {
    const lane = this.ready.shift()
    return lane === undefined ? undefined : this.waiting.get(lane)?.[0]
  }

  /** The event was delivered: the next of its lane may go out. */
  done({ seq, lane }: Event): void {
    this.settle(seq)
    const queue = this.waiting.get(lane) ?? []
    queue.shift()
    if (queue.length > 0) this.ready.push(lane)
    else this.waiting.delete(lane)
  }

  /** The event failed: it and the later ones of its lane are held up, and settled here. */
  hold({ lane }: Event): void {
    for (const { seq } of this.waiting.get(lane) ?? []) this.settle(seq)
    this.waiting.delete(lane)
    this.held.add(lane)
  }

  /** What held the lane up is over. */
  release(lane: number): void {
    this.held.delete(lane)
  }

  private settle(seq: number): void {
    const entry = this.entries.get(seq)
    if (entry === undefined) return
    entry.settled = true
    this.entries.delete(seq)
  }
}
