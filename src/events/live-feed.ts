import { HttpError } from '../operation/errors.ts'
import type { Executor, Task } from '../operation/executor.ts'
import type { Call } from '../operation/operation.ts'
import type { App } from '../tenant/app.ts'
import type { RecordedEvent, StoredEvent } from './event.ts'
import { eventsAfter, pageSize, parsedEvent, type Reach, reach, toldJson } from './feed.ts'

/*
 * Live events. All readers of an app share one read of the database, however many they are. The feed reads
 * whenever changes have become durable, so it never tells an event that a power cut could take back. It also
 * reads once a second, because other processes (`cohort import`) write too.
 */

/** An event as it is stored. Its other forms are made once, for all readers. */
export class SharedEvent {
  readonly stored: StoredEvent
  private readonly epoch: string
  private parsed: RecordedEvent | undefined
  private text: string | undefined
  constructor(epoch: string, stored: StoredEvent) {
    this.epoch = epoch
    this.stored = stored
  }
  get event(): RecordedEvent {
    this.parsed ??= parsedEvent(this.stored)
    return this.parsed
  }
  /** The event as administrators get it, as JSON. */
  get json(): string {
    this.text ??= toldJson(this.epoch, this.stored)
    return this.text
  }
}

export interface FeedPage extends Reach {
  /**
   * Events after the position that was asked for, oldest first and without gaps. There may be more than
   * these.
   */
  readonly events: readonly SharedEvent[]
}

/** The source that one reader reads events from. */
export interface FeedSource {
  /** `limit`: how many events are read at most where they are read for this reader alone. Default: a page. */
  read(seq: number, limit?: number): Promise<FeedPage>
  /**
   * Resolves when there may be events after `seq`, after `ms` milliseconds, or when the signal is aborted.
   */
  wait(seq: number, ms: number, signal: AbortSignal): Promise<void>
  /** Must be called when the reader has ended. */
  close(): void
}

/** How many events are kept in memory, for readers who are nearly up to date. */
const kept = 1000
const othersMs = 1000

const nobody = { administrator: false, user_id: null, only_group: null } as const

/** Reads a page of an app's feed. Throws `DatabaseError`. */
export async function readFeed(
  executor: Executor,
  app: App,
  seq: number,
  limit = pageSize,
): Promise<FeedPage> {
  const { app_id } = app
  const task: Task<FeedPage> = {
    writes: false,
    lasting: true,
    reads: () => [reach({ app_id }), eventsAfter({ app_id, seq, limit })],
    decide(_, [reached, rows]) {
      const found = (reached?.[0] ?? { epoch: '', head: 0, earliest: 0 }) as Reach
      const events = (rows as StoredEvent[]).map(stored => new SharedEvent(found.epoch, stored))
      return { data: { ...found, events } }
    },
  }
  const call: Call<unknown> = { app, caller: nobody, input: {}, now: 0, newId: () => 0 }
  const result = await executor.run(task, call, { bookmark: undefined })
  // A task that only reads never answers a refusal.
  return (result as { data: FeedPage }).data
}

/**
 * A source whose reader reads the database by itself. `wait` tells the reader when there may be new events.
 */
export const directSource = (
  executor: Executor,
  app: App,
  wait: FeedSource['wait'],
  close: () => void = () => {},
): FeedSource => ({ read: (seq, limit) => readFeed(executor, app, seq, limit), wait, close })

/** The feed of one app, shared by all who read it in this process. */
export class LiveFeed {
  private readonly executor: Executor
  private readonly app: App
  private readonly failed: (error: unknown) => void
  private readers = 0
  private stop: (() => void) | undefined
  private reading = false
  private again = false
  private known: FeedPage | undefined
  private readonly waiting = new Set<() => void>()

  constructor(executor: Executor, app: App, failed: (error: unknown) => void) {
    this.executor = executor
    this.app = app
    this.failed = failed
  }

  open(): FeedSource {
    this.readers++
    if (this.readers === 1) this.start()
    let isOpen = true
    return {
      read: (seq, limit) => this.read(seq, limit),
      wait: (seq, ms, signal) => this.wait(seq, ms, signal),
      close: () => {
        if (isOpen) this.readers--
        isOpen = false
        if (this.readers === 0) this.end()
      },
    }
  }

  private start(): void {
    const listen = () => void this.follow()
    const ended = this.executor.onDurable(listen)
    const timer = setInterval(listen, othersMs)
    this.stop = () => {
      ended()
      clearInterval(timer)
    }
  }

  private end(): void {
    this.stop?.()
    this.stop = undefined
    this.known = undefined
  }

  private async read(seq: number, limit = pageSize): Promise<FeedPage> {
    const { known } = this
    const first = known?.events[0]?.stored.seq
    if (known !== undefined && first !== undefined && seq >= first - 1 && seq <= known.head) {
      return { ...known, events: known.events.slice(seq + 1 - first, seq + 1 - first + pageSize) }
    }
    return readFeed(this.executor, this.app, seq, limit)
  }

  /** Reads new events and wakes the readers who wait for them. */
  private async follow(): Promise<void> {
    if (this.reading) {
      this.again = true
      return
    }
    this.reading = true
    try {
      do {
        this.again = false
        await this.readNew()
      } while (this.again && this.stop !== undefined)
    } catch (error) {
      // Readers get the error by a read of their own, or wait on. A disk that fails is logged elsewhere.
      if (!(error instanceof HttpError)) this.failed(error)
    } finally {
      this.reading = false
    }
  }

  private async readNew(): Promise<void> {
    const before = this.known
    const page = await readFeed(this.executor, this.app, before?.head ?? Number.MAX_SAFE_INTEGER)
    if (this.stop === undefined) return
    // An erasure has blanked events that are remembered here.
    const isErased = page.events.some(({ stored }) => stored.kind === 'user.erased')
    const goesOn =
      before !== undefined && before.epoch === page.epoch && page.head >= before.head && !isErased
    if (goesOn && page.events.length === 0) {
      this.known = { ...page, events: before.events }
      return
    }
    const events = goesOn ? [...before.events, ...page.events].slice(-kept) : []
    // If there is more than a page, the next read gets the rest.
    const head = goesOn ? (events.at(-1)?.stored.seq ?? page.head) : page.head
    if (head < page.head) this.again = true
    this.known = { ...page, head, events }
    for (const wake of [...this.waiting]) wake()
  }

  private wait(seq: number, ms: number, signal: AbortSignal): Promise<void> {
    if ((this.known?.head ?? 0) > seq || signal.aborted) return Promise.resolve()
    return new Promise(resolve => {
      const done = () => {
        clearTimeout(timer)
        this.waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.waiting.add(done)
      signal.addEventListener('abort', done)
    })
  }
}
