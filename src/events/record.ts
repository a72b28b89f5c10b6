import { sql } from 'drizzle-orm'
import { type Bound, command } from '../db/query.ts'
import type { Call, Caller } from '../operation/operation.ts'
import type { App } from '../tenant/app.ts'
import { type Acting, kinds, type NewEvent, type NewGroup } from './event.ts'

/*
 * The only place that writes events. An executor calls it for every change. The events are written in the
 * same transaction or batch as the change, so an event exists exactly if its change does.
 */

interface Row {
  app_id: string
  at: number
  kind: string
  group_id: number | null
  group_version: number | null
  by_id: number | null
  acting: Acting
  key_id: string
  subjects: string
  data: string
  request: string
  ip: string
}

/**
 * There is one writer at a time, so `seq` is in the order of commits: a lower number never appears later. The
 * newest row of an app is never deleted, so no number is used twice.
 */
const insertEvent = command<Row & Record<string, unknown>>()(
  p => sql`INSERT INTO events
    (app_id, seq, at, kind, group_id, group_version, by_id, acting, key_id, subjects, data, request, ip)
    VALUES (${p.app_id}, coalesce((SELECT max(seq) FROM events WHERE app_id = ${p.app_id}), 0) + 1, ${p.at}, ${p.kind},
      ${p.group_id}, ${p.group_version}, ${p.by_id}, ${p.acting}, ${p.key_id}, ${p.subjects}, ${p.data}, ${p.request}, ${p.ip})`,
)

/** The `app_id` of an event of the service itself, which every app of the database gets. */
export const everyApp = '*'

const insertInEveryApp = command<Row & Record<string, unknown>>()(
  p => sql`INSERT INTO events
    (app_id, seq, at, kind, group_id, group_version, by_id, acting, key_id, subjects, data, request, ip)
    SELECT a.app_id, coalesce((SELECT max(seq) FROM events WHERE events.app_id = a.app_id), 0) + 1, ${p.at}, ${p.kind},
      ${p.group_id}, ${p.group_version}, ${p.by_id}, ${p.acting}, ${p.key_id}, ${p.subjects}, ${p.data}, ${p.request}, ${p.ip}
    FROM apps a WHERE true`,
)

/** The fields of a group that `group.created` tells. */
export const newGroup = (group: NewGroup): NewGroup => ({
  type: group.type,
  owner_id: group.owner_id,
  name: group.name,
  description: group.description,
  avatar: group.avatar,
  ext: group.ext,
  capacity: group.capacity,
  apply_approval: group.apply_approval,
  member_invite: group.member_invite,
  member_modify: group.member_modify,
  history_visible: group.history_visible,
  read_ack: group.read_ack,
  hide_member_info: group.hide_member_info,
  ban_all_until: group.ban_all_until,
})

/** The users, files or announcements that an event happened to. */
export function subjectsOf(event: NewEvent): readonly number[] {
  const name = kinds[event.kind].subjects
  return name === undefined
    ? []
    : ((event as unknown as Readonly<Record<string, readonly number[]>>)[name] ?? [])
}

/** Whether the event happened to anybody or anything: an invitation of nobody did not happen. */
export const happened = (event: NewEvent): boolean =>
  kinds[event.kind].subjects === undefined || subjectsOf(event).length > 0

function actingOf({ administrator, user_id, key_id }: Caller): Acting {
  if (key_id === undefined) return 'service'
  if (!administrator) return 'user'
  return user_id === null ? 'administrator' : 'administrator_as_user'
}

/** The parts of a call that are recorded in its events. */
type Recording = Pick<Call<unknown>, 'caller' | 'now' | 'origin'> & { readonly app: Pick<App, 'app_id'> }

/**
 * The writes that record these events. They belong in the change that makes the events happen, after its own
 * writes.
 */
export function record({ app, caller, now, origin }: Recording, named: readonly NewEvent[]): Bound[] {
  const acting = actingOf(caller)
  return named.filter(happened).map(event => {
    const { kind, app_id = app.app_id, group_id = null, group_version = null, by_id, ...payload } = event
    const { [kinds[kind].subjects ?? '']: _, ...data } = payload as Readonly<Record<string, unknown>>
    return (app_id === everyApp ? insertInEveryApp : insertEvent)({
      app_id,
      at: now,
      kind,
      group_id,
      group_version,
      by_id: by_id === undefined ? caller.user_id : by_id,
      acting,
      key_id: caller.key_id ?? '',
      subjects: JSON.stringify(subjectsOf(event)),
      data: JSON.stringify(data),
      request: origin?.request ?? '',
      ip: origin?.ip ?? '',
    })
  })
}
