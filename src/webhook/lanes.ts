/*
 * The order of deliveries. Events of one group are sent one after the other; events of different groups may
 * be sent at the same time. A lane is a queue of events that keep their order: one for each group, and lane 0
 * for events without a group. In strict order lane 0 has all events.
 */

/** An event in a lane. */
export interface Queued {
  readonly seq: number
  readonly lane: number
}

/**
 * Tells which event may be sent next, and up to which event everything is settled: delivered, parked, held or
 * not wanted. Events must be added in their order.
 */
export class Lanes<Event extends Queued> {
  /** The events that wait in each lane. The first one is being sent. */
  private readonly waiting = new Map<number, Event[]>()
  /** Lanes whose first event can be sent now. */
  private readonly ready: number[] = []
  private readonly held = new Set<number>()
  /** The added events in their order, beginning with the first one that is not settled. */
  private readonly open: { readonly seq: number; settled: boolean }[] = []
  private readonly entries = new Map<number, { readonly seq: number; settled: boolean }>()
  private last: number

  /** Everything up to the event `after` is settled already. */
  constructor(after: number, held: Iterable<number>) {
    this.last = after
    for (const lane of held) this.held.add(lane)
  }

  /** The number of the last event before which nothing is unsettled. */
  get settledUpTo(): number {
    while (this.open[0]?.settled === true) this.entries.delete((this.open.shift() as { seq: number }).seq)
    const [first] = this.open
    return first === undefined ? this.last : first.seq - 1
  }

  /** How many events wait or are being sent. */
  get size(): number {
    return this.entries.size
  }

  isHeld(lane: number): boolean {
    return this.held.has(lane)
  }

  /** Counts an event as settled that the webhook does not want, or whose lane is held. */
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

  /** The next event that may be sent. The caller must send it. */
  next(): Event | undefined {
    const lane = this.ready.shift()
    return lane === undefined ? undefined : this.waiting.get(lane)?.[0]
  }

  /** The event was delivered, so the next one of its lane may be sent. */
  done({ seq, lane }: Event): void {
    this.settle(seq)
    const queue = this.waiting.get(lane) ?? []
    queue.shift()
    if (queue.length > 0) this.ready.push(lane)
    else this.waiting.delete(lane)
  }

  /** The event failed. It and all later events of its lane are held, which counts as settled here. */
  hold({ lane }: Event): void {
    for (const { seq } of this.waiting.get(lane) ?? []) this.settle(seq)
    this.waiting.delete(lane)
    this.held.add(lane)
  }

  /** The lane is not held any more. */
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
