import { CohortError } from './cohort-error.ts'
import { type CohortOptions, Connection, type Envelope } from './connection.ts'
import { type CohortEvent, type EventsOptions, events, type FeedOptions, type FeedPage } from './events.ts'
import { files } from './files.ts'
import { Operations } from './operations.gen.ts'

/**
 * The API of one service, as one caller: `cohort.group.create({ name: 'Book club' })`. Every method throws
 * `CohortError`, and takes an `AbortSignal` in its options. See docs/client.md.
 */
export class Cohort extends Operations {
  readonly files: ReturnType<typeof files>
  private readonly connection: Connection

  constructor(options: CohortOptions) {
    const connection = new Connection(options)
    super(connection)
    this.connection = connection
    this.files = files(connection)
  }

  /** One page of the feed of events. `events` follows the feed without end. */
  async feed({ signal, ...input }: FeedOptions = {}): Promise<FeedPage> {
    type Answer = Envelope<CohortEvent[]> & Omit<FeedPage, 'events'>
    const options = signal === undefined ? {} : { signal }
    const {
      data: events,
      cursor,
      head,
      earliest,
      more,
    } = await this.connection.envelope<Answer>('/events', input, options)
    return { events, cursor, head, earliest, more }
  }

  /** All that is known of a user, as lines of JSON (`GET /user/export`): for administrators. */
  async exportUser({ user_id }: { readonly user_id: number }): Promise<Blob> {
    const { options } = this.connection
    const target = new URL(`/user/export?user_id=${user_id}`, options.url)
    return this.connection.bytes(target.href, { headers: await this.connection.headers() })
  }

  /** Events as they happen, for ever: `for await (const event of cohort.events({ after: saved }))`. */
  events(options?: EventsOptions): AsyncGenerator<CohortEvent, void, undefined> {
    return events(this.connection, options)
  }
}

export type { CodeName } from './cohort-error.ts'
export type { Acting, CallOptions, CohortOptions } from './connection.ts'
export type { CohortEvent, EventsOptions, FeedOptions, FeedPage } from './events.ts'
export type { Destination, Uploaded, UploadOptions, Variant } from './files.ts'
export type * from './operations.gen.ts'
export { codes } from './operations.gen.ts'
export type { Page, Pages } from './pages.ts'
export { type Delivery, WebhookError, type WebhookEvent, webhooks } from './webhooks.ts'
export { CohortError }
