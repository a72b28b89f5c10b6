import { and, eq, gt, sql } from 'drizzle-orm'
import { db, query } from '../db/query.ts'
import { apps } from '../db/schema.ts'
import { events } from '../db/schema-events.ts'
import { position } from './cursor.ts'
import { kinds, type RecordedEvent, type StoredEvent } from './event.ts'
import { type Notice, noticeJson } from './notice.ts'

/* What readers of the events get: the rows after a position, and the events made of them. */

/** All columns of an event but its app. `subjects` and `data` are JSON text, as they are stored. */
export const columnsOfEvents = {
  seq: events.seq,
  at: events.at,
  kind: events.kind,
  group_id: events.group_id,
  group_version: events.group_version,
  by_id: events.by_id,
  acting: events.acting,
  key_id: events.key_id,
  subjects: sql<string>`${events.subjects}`.as('subjects'),
  data: sql<string>`${events.data}`.as('data'),
  request: events.request,
  ip: events.ip,
}

/** How many events one read of the database returns at most. */
export const pageSize = 500

/** Events of an app after `seq`, oldest first, at most `limit`. */
export const eventsAfter = query<{ app_id: string; seq: number; limit: number }>()(p =>
  db
    .select(columnsOfEvents)
    .from(events)
    .where(and(eq(events.app_id, p.app_id), gt(events.seq, p.seq)))
    .orderBy(events.seq)
    .limit(p.limit),
)

/**
 * Which events exist: `head` is the newest one, and after `earliest` none is missing. It also has the present
 * epoch, which may be newer than the cached one of the app.
 */
export const reach = query<{ app_id: string }>()(p =>
  db
    .select({
      epoch: apps.epoch,
      head: sql<number>`coalesce((SELECT max(seq) FROM events WHERE app_id = ${p.app_id}), 0)`.as('head'),
      earliest:
        sql<number>`coalesce((SELECT max(seq) FROM events WHERE app_id = ${p.app_id} AND kind = 'events.trimmed'), 0)`.as(
          'earliest',
        ),
    })
    .from(apps)
    .where(eq(apps.app_id, p.app_id)),
)

export interface Reach {
  readonly epoch: string
  readonly head: number
  readonly earliest: number
}

/**
 * An event as administrators and webhooks get it: the fields of its payload stand beside the other fields.
 */
export type ToldEvent = Readonly<Record<string, unknown>> &
  Omit<RecordedEvent, 'subjects' | 'data'> & { readonly cursor: string; readonly notice?: Notice }

export const parsedEvent = (stored: StoredEvent): RecordedEvent =>
  Object.assign({}, stored, { subjects: JSON.parse(stored.subjects), data: JSON.parse(stored.data) })

/**
 * The JSON of an event as administrators and webhooks get it. It is put together from the JSON that the table
 * has: measured, a third of what JSON.stringify takes.
 */
export function toldJson(epoch: string, stored: StoredEvent): string {
  const { seq, at, kind, group_id, group_version, by_id, acting, key_id, subjects, data, request, ip } =
    stored
  const named = kinds[kind]?.subjects
  const text = JSON.stringify
  const notice = noticeJson(stored)
  return `{"cursor":"${position(epoch, seq)}","seq":${seq},"at":${at},"kind":"${kind}","group_id":${group_id},"group_version":${group_version},"by_id":${by_id},"acting":"${acting}","key_id":${text(key_id)},${named === undefined ? '' : `"${named}":${subjects},`}${data === '{}' ? '' : `${data.slice(1, -1)},`}"request":${text(request)},"ip":${text(ip)}${notice === undefined ? '' : `,"notice":${notice}`}}`
}

/** An event as administrators and webhooks get it. */
export function toldEvent(epoch: string, event: RecordedEvent): ToldEvent {
  const { subjects, data } = event
  return JSON.parse(
    toldJson(epoch, { ...event, subjects: JSON.stringify(subjects), data: JSON.stringify(data) }),
  )
}
