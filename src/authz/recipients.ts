import { and, eq, gt, type SQL, sql } from 'drizzle-orm'
import * as z from 'zod'
import { db, query } from '../db/query.ts'
import { groups, members } from '../db/schema.ts'
import { groupStatus } from '../db/states.ts'
import type { Exchange } from '../http/exchange.ts'
import { notModified } from '../http/range.ts'
import type { Access, Route } from '../http/route.ts'
import { Refusal, refuse } from '../operation/errors.ts'
import type { Executor, Task } from '../operation/executor.ts'
import { id, integer } from '../operation/fields.ts'
import type { ByteStream } from '../platform.ts'

/** The most recipients in one answer that is not a stream. */
const maxLimit = 10_000
/** How many recipients a stream reads at once. */
const portion = 5_000

const standing = query<{ app_id: string; group_id: number }>()(p =>
  db
    .select({ version: groups.version, count: groups.count })
    .from(groups)
    .where(
      and(
        eq(groups.group_id, p.group_id),
        eq(groups.app_id, p.app_id),
        eq(groups.status, groupStatus.living),
      ),
    ),
)

interface Group {
  readonly version: number
  readonly count: number
  /**
   * false while the disk fails: another change may have this version in the end, so nothing may be known by
   * it.
   */
  readonly saved: boolean
}

const groupNow = (app_id: string, group_id: number): Task<Group> => ({
  writes: false,
  reads: () => [standing({ app_id, group_id })],
  decide(_, rows) {
    const found = rows[0]?.[0]
    if (found === undefined) return refuse('group_not_found')
    // The one row of the one statement above.
    return { data: { ...(found as Pick<Group, 'version' | 'count'>), saved: true } }
  },
  unsaved: result =>
    result instanceof Refusal ? result : { ...result, data: { ...result.data, saved: false } },
})

const neverReceives = 2
const noPush = 1

/**
 * The next members after a user id, in the order of their ids. SQLite makes the text: one array for each
 * member. `last` is the last id, and `size` the number of members.
 */
const recipientsBehind = (among: SQL, separator: string) =>
  query<{ group_id: number; after: number; limit: number }>()(p => {
    const page = db
      .select({
        user_id: members.user_id,
        msg_mute_mode: members.msg_mute_mode,
        msg_push_mode: members.msg_push_mode,
      })
      .from(members)
      .where(and(eq(members.group_id, p.group_id), gt(members.user_id, p.after), among))
      .orderBy(members.user_id)
      .limit(p.limit)
    return db
      .select({
        text: sql<string>`coalesce(group_concat('[' || user_id || ',' || msg_mute_mode || ',' || msg_push_mode || ']', ${sql.raw(separator)}), '')`.as(
          'text',
        ),
        last: sql<number>`coalesce(max(user_id), 0)`.as('last'),
        size: sql<number>`count(*)`.as('size'),
      })
      .from(sql`(${page.getSQL()})`)
  })

// These are constants in the SQL and not parameters; docs/architecture.md, "Queries", says why.
const toMessages = sql`msg_mute_mode <> ${sql.raw(String(neverReceives))}`
const toPushes = sql`msg_mute_mode = 0 AND msg_push_mode <> ${sql.raw(String(noPush))}`

const pages = {
  json: {
    message: recipientsBehind(toMessages, "','"),
    push: recipientsBehind(toPushes, "','"),
  },
  lines: {
    message: recipientsBehind(toMessages, 'char(10)'),
    push: recipientsBehind(toPushes, 'char(10)'),
  },
} as const

const ndjson = 'application/x-ndjson'

const parameters = z.object({
  group_id: id.describe('of which group'),
  for: z
    .enum(['message', 'push'], { error: 'must be message or push' })
    .default('message')
    .describe('message: all but those with msg_mute_mode 2. push: those with neither mute nor push mode 1'),
  after: integer(0).default(0).describe('the last user id of the answer before'),
  limit: integer(1, maxLimit).default(maxLimit).describe('recipients of one answer; a stream has no limit'),
})
type Parameters = z.infer<typeof parameters>

const recipientList = z.object({
  version: z.int().describe('the version of the group'),
  count: z.int().describe('members of the group'),
  after: z.int().describe('where the next answer starts; 0 on the last'),
  recipients: z
    .array(z.tuple([z.int(), z.int(), z.int()]))
    .describe('[user_id, msg_mute_mode, msg_push_mode]'),
})

export const recipients: Route = {
  id: 'get__authz_recipients',
  methods: ['GET'],
  path: '/authz/recipients',
  title: 'Who receives a message of this group?',
  description:
    'In the order of their ids. With `Accept: application/x-ndjson` all of them as a stream: first `{version, count}`, a line `[user_id, msg_mute_mode, msg_push_mode]` each, last `{end, version}`; where the two versions differ, the group changed meanwhile. The ETag changes with the group: `If-None-Match` is answered 304. There is none while the disk fails. Push modes 2 to 4 depend on the message, so those members are among the recipients of pushes.',
  tag: 'authz',
  who: 'administrator',
  query: parameters,
  answers: {
    200: {
      description: 'The recipients',
      content: {
        'application/json': z.object({ code: z.literal(200), data: recipientList, message: z.null() }),
        [ndjson]: 'bytes',
      },
    },
    304: { description: 'The group has not changed' },
    404: { description: '20001: there is no such group' },
  },
  handle: answerRecipients,
}

async function answerRecipients(exchange: Exchange, { app }: Access): Promise<Response | Refusal> {
  const sent = exchange.parameters(parameters)
  if (sent instanceof Refusal) return sent
  const executor = exchange.service.executorFor(app.app_id)
  const group = await exchange.runnerFor(app)(groupNow(app.app_id, sent.group_id))
  if (group instanceof Refusal) return group
  const { saved } = group
  const etag = `${app.epoch}.${group.version}.${sent.for}`
  const headers: Record<string, string> = saved ? { etag: `"${etag}"` } : {}
  if (saved && notModified(exchange.request.headers, etag)) return exchange.notModified(headers)
  if (exchange.header('accept')?.includes(ndjson)) {
    const body = lines(executor, app.app_id, sent, group)
    return exchange.stream(body, { ...headers, 'content-type': ndjson })
  }
  const { group_id, after, limit } = sent
  const [page] = await executor.read(pages.json[sent.for]({ group_id, after, limit }))
  const { text = '', last = 0, size = 0 } = page ?? {}
  const next = size === limit ? last : 0
  const data = `{"version":${group.version},"count":${group.count},"after":${next},"recipients":[${text}]}`
  return exchange.text(`{"code":200,"data":${data},"message":null}`, 'application/json', headers)
}

/** A stream of all recipients. Each portion is read when the client has taken the one before. */
function lines(
  executor: Executor,
  app_id: string,
  { group_id, for: purpose, after: start }: Parameters,
  { version, count }: { readonly version: number; readonly count: number },
): ByteStream {
  const encoder = new TextEncoder()
  let after = start
  let begun = false
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const send = (line: string) => controller.enqueue(encoder.encode(`${line}\n`))
        if (!begun) {
          begun = true
          send(JSON.stringify({ version, count }))
          return
        }
        const [page] = await executor.read(pages.lines[purpose]({ group_id, after, limit: portion }))
        if (page !== undefined && page.size > 0) {
          after = page.last
          send(page.text)
        }
        if (page !== undefined && page.size === portion) return
        const [now] = await executor.read(standing({ app_id, group_id }))
        send(JSON.stringify({ end: true, version: now?.version ?? 0 }))
        controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}
