import { type SQL, sql } from 'drizzle-orm'
import { db, query } from '../db/query.ts'
import { apps } from '../db/schema.ts'
import { events } from '../db/schema-events.ts'
import { receiverType } from '../db/states.ts'
import type { RecordedEvent } from '../events/event.ts'
import { columnsOfEvents, parsedEvent, toldEvent } from '../events/feed.ts'
import type { Executor } from '../operation/executor.ts'
import type { App } from '../tenant/app.ts'
import { erasureOf } from './ledger.ts'

/*
 * All that is known of a user, as lines of JSON. Every table with a column that names a user has a part here
 * or says in test/support/personal.ts why not. The rows of a part are read page by page, in the order of an
 * index.
 */

const pageSize = 500
/** How many events and grants one read looks at. */
const portion = 2000

type OfUser = { app_id: string; user_id: number }
/** The place behind the row before: the values that the part is sorted by. */
type Asked = OfUser & { first: number | string; second: number | string }

interface Part {
  /** The table and, where it has no app of its own, how it is joined with one. `t` is the table. */
  readonly from: SQL
  readonly where: (p: { readonly [K in keyof OfUser]: unknown }) => SQL
  /** One column that no two rows of the user share, or two. */
  readonly order: readonly [SQL, SQL?]
  readonly start?: readonly [number, number | string]
  readonly fields: Readonly<Record<string, SQL>>
}

const column = (name: string): SQL => sql.raw(`t.${name}`)
const columnsOf = (...names: readonly string[]): Readonly<Record<string, SQL>> =>
  Object.fromEntries(names.map(name => [name, column(name)]))

const part = (type: string, { from, where, order, start = [0, 0], fields }: Part) => ({
  start,
  page: query<Asked>()(p => {
    const pairs = Object.entries(fields).map(([name, value]) => sql`${sql.raw(`'${name}'`)}, ${value}`)
    const [first, second] = order
    return db
      .select({
        line: sql<string>`json_object('type', ${sql.raw(`'${type}'`)}, ${sql.join(pairs, sql`, `)})`.as(
          'line',
        ),
        first: sql<number>`${first}`.as('first'),
        second: sql<number | string>`${second ?? sql.raw("''")}`.as('second'),
      })
      .from(from)
      .where(
        second === undefined
          ? sql`${where(p)} AND ${first} > ${p.first}`
          : sql`${where(p)} AND (${first}, ${second}) > (${p.first}, ${p.second})`,
      )
      .orderBy(...(second === undefined ? [first] : [first, second]))
      .limit(pageSize)
  }),
})

const inGroups = (
  type: string,
  table: string,
  user: string,
  key: string | undefined,
  fields: Part['fields'],
) =>
  part(type, {
    from: sql.raw(`${table} AS t CROSS JOIN groups AS g ON g.group_id = t.group_id`),
    where: p => sql`${column(user)} = ${p.user_id} AND g.app_id = ${p.app_id}`,
    order: key === undefined ? [column('group_id')] : [column('group_id'), column(key)],
    fields: { group_id: column('group_id'), group_name: sql.raw('g.name'), ...fields },
  })

const invitationFields = columnsOf(
  'group_id',
  'inviter_id',
  'invitee_id',
  'reason',
  'status',
  'expires_at',
  'updated_at',
)

const parts = [
  part('user', {
    from: sql.raw('users AS t'),
    where: p => sql`t.app_id = ${p.app_id} AND t.user_id = ${p.user_id}`,
    order: [column('user_id')],
    fields: {
      ...columnsOf('user_id', 'groups_created', 'groups_joined', 'user_file_bytes'),
      group_confirm: sql`json(CASE t.group_confirm WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END)`,
      other_settings: sql`json(t.other_settings)`,
    },
  }),
  part('owned_group', {
    from: sql.raw('groups AS t'),
    where: p => sql`t.app_id = ${p.app_id} AND t.owner_id = ${p.user_id} AND t.status = 0`,
    order: [column('group_id')],
    fields: columnsOf('group_id', 'name', 'description', 'avatar', 'ext', 'count', 'created_at'),
  }),
  part('membership', {
    from: sql.raw('members AS t CROSS JOIN groups AS g ON g.group_id = t.group_id AND g.status = 0'),
    where: p => sql`t.app_id = ${p.app_id} AND t.user_id = ${p.user_id}`,
    order: [column('joined_at'), column('group_id')],
    fields: {
      group_name: sql.raw('g.name'),
      ...columnsOf(
        'group_id',
        'role',
        'display_name',
        'joined_at',
        'msg_mute_mode',
        'msg_push_mode',
        'ban_until',
      ),
    },
  }),
  inGroups(
    'application',
    'applications',
    'applicant_id',
    undefined,
    columnsOf('reason', 'status', 'expires_at'),
  ),
  part('invitation_received', {
    from: sql.raw('invitations AS t'),
    where: p => sql`t.app_id = ${p.app_id} AND t.invitee_id = ${p.user_id}`,
    order: [column('invitation_id')],
    fields: invitationFields,
  }),
  part('invitation_sent', {
    from: sql.raw('invitations AS t'),
    where: p => sql`t.app_id = ${p.app_id} AND t.inviter_id = ${p.user_id}`,
    order: [column('invitation_id')],
    fields: invitationFields,
  }),
  inGroups('blacklisted', 'blacklist', 'user_id', undefined, columnsOf('blocked_at')),
  inGroups('ban_while_away', 'absent_bans', 'user_id', undefined, { until: column('absent_until') }),
  inGroups('kicked', 'kicks', 'user_id', undefined, { times: column('kick_count') }),
  inGroups('qr_codes_ended', 'ended_qr_codes', 'inviter_id', undefined, columnsOf('before_version')),
  inGroups(
    'announcement',
    'announcements',
    'author_id',
    'announcement_id',
    columnsOf('announcement_id', 'title', 'content', 'created_at'),
  ),
  inGroups(
    'shared_file',
    'shared_files',
    'uploader_id',
    'file_id',
    columnsOf('file_id', 'name', 'size', 'url', 'created_at', 'updated_at'),
  ),
  part('file', {
    from: sql.raw('objects AS t'),
    where: p => sql`t.app_id = ${p.app_id} AND t.user_id = ${p.user_id} AND t.state = 1`,
    order: [column('size'), column('object_name')],
    start: [-1, ''],
    fields: columnsOf(
      'object_name',
      'kind',
      'name',
      'size',
      'content_type',
      'created_at',
      'derived_bytes',
      'hold',
      'hold_reason',
    ),
  }),
]

/** Files that the user sent, was sent or has forwarded, among the grants after a place. */
const grantsAfter = query<OfUser & { after: number }>()(p =>
  db
    .select({
      last: sql<number | null>`max(g.grant_id)`.as('last'),
      lines: sql<
        string | null
      >`group_concat(CASE WHEN g.from_id = ${p.user_id} OR (g.to_type = ${sql.raw(String(receiverType.user))} AND g.to_id = ${p.user_id})
        THEN (SELECT json_object('type', 'file_sent', 'object_name', o.object_name, 'name', o.name, 'size', o.size, 'from_id', g.from_id,
          'to_type', g.to_type, 'to_id', g.to_id, 'sent_at', g.created_at) FROM objects AS o WHERE o.object_name = g.object_name AND o.app_id = ${p.app_id})
        END, char(10))`.as('lines'),
    })
    .from(
      sql`(SELECT * FROM grants WHERE grant_id > ${p.after} ORDER BY grant_id LIMIT ${sql.raw(String(portion))}) AS g`,
    ),
)

const lastEvent = query<{ app_id: string }>()(p =>
  db
    .select({
      head: sql<number>`coalesce((SELECT max(seq) FROM events WHERE app_id = ${p.app_id}), 0)`.as('head'),
    })
    .from(apps)
    .where(sql`${apps.app_id} = ${p.app_id}`),
)
const eventsOf = query<OfUser & { first: number; last: number }>()(p =>
  db
    .select(columnsOfEvents)
    .from(events)
    .where(
      sql`${events.app_id} = ${p.app_id} AND ${events.seq} BETWEEN ${p.first} AND ${p.last} AND (${events.by_id} = ${p.user_id}
        OR ${events.data} ->> '$.previous' = ${p.user_id} OR ${events.data} ->> '$.inviter' = ${p.user_id}
        OR EXISTS (SELECT 1 FROM json_each(${events.subjects}) WHERE value = ${p.user_id}))`,
    )
    .orderBy(events.seq),
)

/** The event without the address of somebody else, and without what names that one's request. */
function toldTo(user_id: number, { epoch }: App, event: RecordedEvent): Readonly<Record<string, unknown>> {
  const told = toldEvent(epoch, event)
  if (event.by_id === user_id) return told
  const { ip: _ip, request: _request, key_id: _key, ...rest } = told
  return rest
}

/**
 * The lines, each without its line feed, some at a time. First a line that names the user, last a line `end`
 * with the number of all lines: without it the export is not complete.
 */
export async function* exportUser(
  executor: Executor,
  app: App,
  user_id: number,
  now: number,
): AsyncGenerator<readonly string[], void, undefined> {
  const { app_id } = app
  const ofUser = { app_id, user_id }
  let count = 2
  const counted = (lines: readonly string[]) => {
    count += lines.length
    return lines
  }
  yield [JSON.stringify({ type: 'export', ...ofUser, exported_at: now })]
  for (const { start, page } of parts) {
    for (let [first, second]: readonly [number, number | string] = start; ; ) {
      const rows = await executor.read(page({ ...ofUser, first, second }))
      if (rows.length > 0) yield counted(rows.map(({ line }) => line))
      const last = rows.at(-1)
      if (last === undefined || rows.length < pageSize) break
      ;[first, second] = [last.first, last.second]
    }
  }
  for (let after = 0; ; ) {
    const [page] = await executor.read(grantsAfter({ ...ofUser, after }))
    if (page?.lines) yield counted(page.lines.split('\n'))
    if (page === undefined || page.last === null) break
    after = page.last
  }
  const [reached] = await executor.read(lastEvent({ app_id }))
  const head = reached?.head ?? 0
  for (let first = 1; first <= head; first += portion) {
    const last = Math.min(head, first + portion - 1)
    const found = await executor.read(eventsOf({ ...ofUser, first, last }))
    if (found.length > 0)
      yield counted(
        found.map(event => JSON.stringify({ type: 'event', ...toldTo(user_id, app, parsedEvent(event)) })),
      )
  }
  const [erasure] = await executor.read(erasureOf(ofUser))
  if (erasure !== undefined) {
    const { erased_at, finished_at } = erasure
    yield counted([JSON.stringify({ type: 'erasure', erased_at, finished_at })])
  }
  yield [JSON.stringify({ type: 'end', lines: count })]
}
