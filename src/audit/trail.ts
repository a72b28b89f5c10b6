import { and, desc, type SQL, sql } from 'drizzle-orm'
import { type Args, db, inList, type Placeholders, query } from '../db/query.ts'
import { events } from '../db/schema-events.ts'
import type { EventKind } from '../events/event.ts'
import { columnsOfEvents } from '../events/feed.ts'

/*
 * The events that an auditor asks for, newest first. Only the place in the order and the group have an index.
 * All other conditions are checked row by row, on a limited number of rows for each page. So a page may have
 * few rows, or none, and still a cursor.
 */

/** How many rows one page looks at. */
const maxRowsRead = 5_000

/**
 * Clocks may be set back. So the search for a time begins that much earlier and ends that much later,
 * milliseconds. Each row is compared exactly all the same.
 */
export const clockStepMs = 60 * 60 * 1000

export type TrailFilter = {
  readonly actor: number | null
  readonly subject: number | null
  /** Without any: all kinds. */
  readonly kinds: readonly EventKind[]
  /** Milliseconds since 1970: the first that is wanted, and the first after it that is not. */
  readonly from: number
  readonly to: number
}

type Asked = TrailFilter & {
  readonly app_id: string
  /** Only events before this one. */
  readonly seq: number
  readonly most: number
}
type AskedOfGroup = Asked & { readonly group_id: number; readonly version: number }

const columns = { ...columnsOfEvents, subjects: events.subjects, data: events.data }

/** The first event that is not older than a time, found by halving; one after the newest if all are older. */
const firstSince = (app_id: unknown, at: SQL): SQL => {
  const middleIsSince = sql`(SELECT e.at FROM events e WHERE e.app_id = ${app_id} AND e.seq >= (low + high) / 2
    ORDER BY e.seq LIMIT 1) >= ${at}`
  return sql`(WITH RECURSIVE halved(low, high) AS (
      SELECT coalesce((SELECT min(seq) FROM events WHERE app_id = ${app_id}), 1),
        coalesce((SELECT max(seq) FROM events WHERE app_id = ${app_id}), 0) + 1
      UNION ALL
      SELECT iif(${middleIsSince}, low, (low + high) / 2 + 1), iif(${middleIsSince}, (low + high) / 2, high)
      FROM halved WHERE low < high)
    SELECT max(low) FROM halved)`
}

type Fields<A extends Args> = Placeholders<A>

/** The rows that a page looks at begin before this `seq`. */
const start = (p: Fields<Asked>) =>
  sql`min(${p.seq}, ${firstSince(p.app_id, sql`${p.to} + ${sql.raw(String(clockStepMs))}`)})`

/** The rows of the app, or of the group, that come into question for a page. */
const ofApp = (p: Fields<Asked>) => sql`app_id = ${p.app_id} AND seq < ${start(p)}`
const ofGroup = (p: Fields<AskedOfGroup>) =>
  sql`group_id = ${p.group_id} AND app_id = ${p.app_id} AND group_version <= ${p.version} AND seq < ${p.seq}`

const lastOffset = sql.raw(String(maxRowsRead - 1))

const asJson = { mapToDriverValue: (list: unknown): string => JSON.stringify(list) }

const isAsked = (p: Fields<Asked>) =>
  and(
    sql`at >= ${p.from} AND at < ${p.to}`,
    sql`(${p.actor} IS NULL OR by_id = ${p.actor})`,
    sql`(${p.subject} IS NULL OR EXISTS (SELECT 1 FROM json_each(subjects) WHERE value = ${p.subject})
      OR data ->> 'previous' = ${p.subject})`,
    sql`(json_array_length(${sql.param(p.kinds, asJson)}) = 0 OR ${inList(events.kind, p.kinds)})`,
  )

/** A page of the whole app. */
export const trailOfApp = query<Asked>()(p =>
  db
    .select(columns)
    .from(events)
    .where(
      and(
        ofApp(p),
        sql`seq >= coalesce((SELECT seq FROM events WHERE ${ofApp(p)} ORDER BY seq DESC LIMIT 1 OFFSET ${lastOffset}), 0)`,
        isAsked(p),
      ),
    )
    .orderBy(desc(events.seq))
    .limit(p.most),
)

/** A page of one group. */
export const trailOfGroup = query<AskedOfGroup>()(p =>
  db
    .select(columns)
    .from(events)
    .where(
      and(
        ofGroup(p),
        sql`group_version >= coalesce((SELECT group_version FROM events WHERE ${ofGroup(p)}
          ORDER BY group_version DESC LIMIT 1 OFFSET ${lastOffset}), 0)`,
        isAsked(p),
      ),
    )
    .orderBy(desc(events.group_version), desc(events.seq))
    .limit(p.most),
)

const position = {
  version: sql<number>`coalesce(group_version, 0)`.as('version'),
  seq: events.seq,
  at: events.at,
}

/** The last row that the page looks at; none if the page looks at all older rows. */
export const lastReadOfApp = query<Asked>()(p =>
  db
    .select(position)
    .from(events)
    .where(ofApp(p))
    .orderBy(desc(events.seq))
    .limit(1)
    .offset(maxRowsRead - 1),
)
export const lastReadOfGroup = query<AskedOfGroup>()(p =>
  db
    .select(position)
    .from(events)
    .where(ofGroup(p))
    .orderBy(desc(events.group_version))
    .limit(1)
    .offset(maxRowsRead - 1),
)
