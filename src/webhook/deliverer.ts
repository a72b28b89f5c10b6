import { and, eq, gt } from 'drizzle-orm'
import type { Session } from '../db/engine.ts'
import { db, query } from '../db/query.ts'
import { events } from '../db/schema-events.ts'
import type { DeliveryAttempt } from '../db/schema-webhook.ts'
import type { RecordedEvent } from '../events/event.ts'
import type { Executor } from '../operation/executor.ts'
import { runTask } from '../operation/task.ts'
import type { Clock, Log, Outbound } from '../platform.ts'
import { Lanes } from './lanes.ts'
import { claim, leaseMs, type Progress, save } from './progress.ts'
import { delayAfter, maxAttempts, maxFailingMs, retryAfterMs } from './schedule.ts'
import { messageBody, messageId, type Sent, sendMessage, succeeded } from './send.ts'
import { type Hold, nextOfGroup, type Webhook } from './webhook.ts'

/** The most deliveries to one webhook at the same time. */
const maxInFlight = 16
/** How many events are read at once. */
const portion = 200
/** How often progress is saved during deliveries, milliseconds. */
const saveEveryMs = 1_000

export interface DelivererContext {
  readonly executor: Executor
  readonly outbound: Outbound
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
  /** The app's epoch. It is part of the ids of messages. */
  readonly epoch: string
  /**
   * How often it looks for new events while deliveries are under way, milliseconds. Needed where nobody wakes
   * it, because other requests run in other isolates.
   */
  readonly lookEveryMs?: number
}

type Row = RecordedEvent & { readonly lane: number }

const eventsAfter = query<{ app_id: string; after: number }>()(p =>
  db
    .select()
    .from(events)
    .where(and(eq(events.app_id, p.app_id), gt(events.seq, p.after)))
    .orderBy(events.seq)
    .limit(portion),
)

/**
 * Delivers events to a webhook until there is nothing more to send now. Each event is sent at least once.
 * Events of one group are sent in their order, and a failing event holds up its own group only. Progress is
 * saved once a second. After a crash, the deliveries of the last second are repeated.
 */
export class Deliverer {
  private readonly context: DelivererContext
  /**
   * All reads use this session, so a replica of the database never answers older rows than an earlier read.
   */
  private readonly session: Session
  private readonly webhook: Webhook
  private readonly lanes: Lanes<Row>
  /** The failing event of each held lane. */
  private readonly holds: Map<number, Hold>
  private readonly attempts: DeliveryAttempt[] = []
  private readonly changedHolds = new Set<number>()
  private readonly parked: DeliveryAttempt[] = []
  private readSeq: number
  private lastSuccessAt: number
  private failingSince: number
  private disabled: string | undefined
  /** True when the webhook was changed, disabled or stopped. Results that come after that are not saved. */
  private void = false
  private woken = false
  private wakeWaiting: () => void = () => undefined

  private constructor(
    context: DelivererContext,
    session: Session,
    { webhook, holds }: { readonly webhook: Webhook; readonly holds: readonly Hold[] },
  ) {
    this.context = context
    this.session = session
    this.webhook = webhook
    this.holds = new Map(holds.map(hold => [hold.lane, hold]))
    this.lanes = new Lanes(webhook.acked_seq, this.holds.keys())
    this.readSeq = webhook.acked_seq
    this.lastSuccessAt = webhook.last_success_at
    this.failingSince = webhook.failing_since
  }

  /** Takes the lease of this webhook. Undefined if another process has it, or the webhook is not active. */
  static async claim(
    context: DelivererContext,
    app_id: string,
    webhook_id: string,
  ): Promise<Deliverer | undefined> {
    const { executor, clock } = context
    const now = clock()
    const session: Session = { bookmark: undefined }
    const claimed = await runTask(executor, claim(app_id, webhook_id, now), now, session)
    return claimed === null ? undefined : new Deliverer(context, session, claimed)
  }

  /** Delivers until there is nothing more to send now, or the service stops. */
  async run(): Promise<void> {
    const { signal } = this.context
    const stop = () => this.wake()
    signal.addEventListener('abort', stop)
    try {
      await this.deliver()
    } finally {
      this.void = true
      signal.removeEventListener('abort', stop)
    }
  }

  /** Whether there are events that it has not read yet. */
  async hasMore(): Promise<boolean> {
    const { context, webhook, readSeq, session } = this
    if (context.signal.aborted) return false
    const after = { app_id: webhook.app_id, after: readSeq }
    return (await context.executor.read(eventsAfter(after), session)).length > 0
  }

  private async deliver(): Promise<void> {
    let inFlight = 0
    let savedAt = this.context.clock()
    const send = (work: Promise<void>) => {
      inFlight++
      void work
        .catch(error => {
          this.void = true
          this.context.log.error({ event: 'webhook', webhook: this.webhook.webhook_id, error: String(error) })
        })
        .finally(() => {
          inFlight--
          this.wake()
        })
    }
    const draining = new Set<number>()
    for (;;) {
      const { clock, signal } = this.context
      const going = !this.void && !signal.aborted && this.disabled === undefined
      const more = going && this.lanes.size < portion ? await this.read() : false
      while (going && inFlight < maxInFlight) {
        const event = this.lanes.next()
        if (event === undefined) break
        send(this.first(event))
      }
      for (const hold of this.holds.values()) {
        const due = hold.next_at <= clock() && hold.seq <= this.readSeq && !draining.has(hold.lane)
        if (!going || inFlight >= maxInFlight || !due) continue
        draining.add(hold.lane)
        send(this.again(hold).finally(() => draining.delete(hold.lane)))
      }
      // Deliveries that have not ended when the service stops are repeated after the next start.
      if (signal.aborted || (inFlight === 0 && (!more || !going))) break
      if (clock() - savedAt >= saveEveryMs && going) {
        savedAt = clock()
        await this.save(savedAt + leaseMs)
      }
      if (more && inFlight < maxInFlight) continue
      await this.waiting()
    }
    if (this.void) return
    this.void = true
    await this.write(0)
  }

  /** Makes it look for new events, and for a stop, at once and not only when a delivery has ended. */
  wake(): void {
    this.woken = true
    this.wakeWaiting()
  }

  /** Resolves when a delivery has ended, `wake` was called, or `lookEveryMs` have passed. */
  private async waiting(): Promise<void> {
    const { lookEveryMs } = this.context
    if (!this.woken) {
      let timer: ReturnType<typeof setTimeout> | undefined
      await new Promise<void>(resolve => {
        this.wakeWaiting = resolve
        if (lookEveryMs !== undefined) timer = setTimeout(resolve, lookEveryMs)
      })
      clearTimeout(timer)
    }
    this.woken = false
  }

  /** Reads the next events into their lanes. Answers whether there were any. */
  private async read(): Promise<boolean> {
    const { app_id, delivery_order } = this.webhook
    const { executor } = this.context
    const found = await executor.read(eventsAfter({ app_id, after: this.readSeq }), this.session)
    // While the disk fails, an event may still be lost. So it is not sent yet.
    if (found.length > 0) await executor.durable()
    for (const event of found) {
      this.readSeq = event.seq
      const lane = delivery_order === 'strict' ? 0 : (event.group_id ?? 0)
      if (!this.wants(event) || this.lanes.isHeld(lane)) this.lanes.pass(event.seq)
      else this.lanes.add({ ...event, lane })
    }
    return found.length > 0
  }

  /** Makes the first attempt for an event. */
  private async first(event: Row): Promise<void> {
    const sent = await this.attempt(event, 1)
    if (succeeded(sent)) return this.lanes.done(event)
    const hold = this.holdAfter(sent, {
      webhook_id: this.webhook.webhook_id,
      lane: event.lane,
      seq: event.seq,
    })
    if (hold === undefined) return this.lanes.done(event)
    this.lanes.hold(event)
    this.holds.set(event.lane, hold)
    this.changedHolds.add(event.lane)
    await this.save(this.context.clock() + leaseMs)
  }

  /**
   * Makes another attempt for the event that holds a lane up. After a success, sends the later events of the
   * lane.
   */
  private async again(held: Hold): Promise<void> {
    const goesOn = () => !this.void && this.disabled === undefined && !this.context.signal.aborted
    let after = held.seq - 1
    for (let upTo = 0; upTo < this.readSeq; ) {
      upTo = this.readSeq
      for await (const event of this.heldEvents(held.lane, after, upTo)) {
        if (!goesOn()) return
        const attempt = event.seq === held.seq ? held.attempts + 1 : 1
        const sent = await this.attempt({ ...event, lane: held.lane }, attempt)
        const hold = succeeded(sent)
          ? undefined
          : this.holdAfter(sent, { webhook_id: held.webhook_id, lane: held.lane, seq: event.seq })
        this.changedHolds.add(held.lane)
        if (hold !== undefined) {
          this.holds.set(held.lane, hold)
          return
        }
        after = event.seq
        this.holds.set(held.lane, { ...held, seq: after, attempts: 0, next_at: this.context.clock() })
      }
    }
    if (!goesOn()) return
    this.holds.delete(held.lane)
    this.changedHolds.add(held.lane)
    this.lanes.release(held.lane)
  }

  /** The events of a lane after `after`, up to `upTo`, that the webhook wants. */
  private async *heldEvents(lane: number, after: number, upTo: number): AsyncGenerator<RecordedEvent> {
    const { app_id, delivery_order } = this.webhook
    const { session } = this
    const { executor } = this.context
    for (let from = after; from < upTo; ) {
      const found: readonly RecordedEvent[] =
        lane === 0
          ? await executor.read(eventsAfter({ app_id, after: from }), session)
          : await executor.read(nextOfGroup({ app_id, group_id: lane, after: from, upTo }), session)
      if (found.length === 0) return
      for (const event of found) {
        if (event.seq > upTo) return
        from = event.seq
        const inLane = delivery_order === 'strict' || (event.group_id ?? 0) === lane
        if (inLane && this.wants(event)) yield event
      }
    }
  }

  private wants({ kind, group_id }: RecordedEvent): boolean {
    const { kinds, only_group_id } = this.webhook
    return (kinds.length === 0 || kinds.includes(kind)) && (only_group_id === 0 || only_group_id === group_id)
  }

  private async attempt(event: Row, attempt: number): Promise<Sent> {
    const { outbound, clock, epoch } = this.context
    const { seq, kind } = event
    const message = { id: messageId(epoch, seq), seq, kind, body: messageBody(epoch, event) }
    const sent = await sendMessage(outbound, this.webhook, message, attempt, clock())
    const { retryAfter: _, ...outcome } = sent
    this.attempts.push(outcome)
    if (succeeded(sent)) {
      this.lastSuccessAt = clock()
      this.failingSince = 0
    } else if (this.failingSince === 0) this.failingSince = clock()
    return sent
  }

  /**
   * The hold of the lane after a failed attempt. Undefined if it was the last attempt, and the event is
   * parked.
   */
  private holdAfter(sent: Sent, of: Pick<Hold, 'webhook_id' | 'lane' | 'seq'>): Hold | undefined {
    const now = this.context.clock()
    const { retryAfter, ...last } = sent
    if (sent.status === 410) this.disable('the receiver answered 410: it is gone')
    // `failingSince` is 0 if another delivery has succeeded meanwhile.
    else if (this.failingSince > 0 && now - this.failingSince >= maxFailingMs)
      this.disable('nothing was delivered for five days')
    const asked = sent.status === 429 || sent.status === 503 ? retryAfterMs(retryAfter, now) : undefined
    // A receiver that asks to wait does not count as failing.
    if (asked !== undefined) return { ...of, attempts: sent.attempt - 1, next_at: now + asked }
    const delay = delayAfter(sent.attempt)
    if (delay !== undefined || sent.attempt < maxAttempts) {
      return { ...of, attempts: sent.attempt, next_at: now + (delay ?? 0) }
    }
    this.parked.push(last)
    return undefined
  }

  private disable(reason: string): void {
    this.disabled = reason
    this.context.log.warn({ event: 'webhook', webhook: this.webhook.webhook_id, disabled: reason })
  }

  /** Saves progress. Deliveries that end after the last save are repeated later. */
  private async save(lease_until: number): Promise<void> {
    if (!this.void) await this.write(lease_until)
  }

  private async write(lease_until: number): Promise<void> {
    const { executor, clock } = this.context
    const lanes = [...this.changedHolds]
    this.changedHolds.clear()
    const progress: Progress = {
      acked_seq: this.lanes.settledUpTo,
      lease_until,
      last_success_at: this.lastSuccessAt,
      failing_since: this.failingSince,
      attempts: this.attempts.splice(0),
      holds: lanes.flatMap(lane => this.holds.get(lane) ?? []),
      released: lanes.filter(lane => !this.holds.has(lane)),
      parked: this.parked.splice(0),
      disabled: this.disabled,
    }
    const now = clock()
    if (!(await runTask(executor, save(this.webhook, now, progress), now))) this.void = true
    else if (this.disabled !== undefined) this.void = true
  }
}
