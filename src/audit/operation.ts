import * as z from 'zod'
import type { RecordedEvent } from '../events/event.ts'
import { toldEvent } from '../events/feed.ts'
import { wantedParameters } from '../events/wanted.ts'
import { refuse } from '../operation/errors.ts'
import { id, integer, paging } from '../operation/fields.ts'
import { operation, type Page } from '../operation/operation.ts'
import { cursorOf, foreignCursor, keyBehind } from '../operator/list-cursor.ts'
import { clockStepMs, lastReadOfApp, lastReadOfGroup, trailOfApp, trailOfGroup } from './trail.ts'

const largest = Number.MAX_SAFE_INTEGER

const listOf = ({ group_id }: { readonly group_id?: number | undefined }): string =>
  group_id === undefined ? 'audit' : `audit of group ${group_id}`

/** An event as auditors get it: without what is only for clients. */
export function audited(epoch: string, row: RecordedEvent) {
  const { notice: _, ...event } = toldEvent(epoch, row)
  return event
}

export const audit = operation({
  id: 'get__audit',
  methods: ['GET'],
  path: '/audit',
  title: 'Ask who did what',
  description:
    'The recorded events of the app, the newest first: who acted, as what, with which key and by which request. A page looks at a limited number of events: with filters it may have few rows, or none, and there are more pages as long as `cursor` is not empty.',
  tag: 'administration',
  who: 'administrator',
  paged: 'cursor',
  // Each event has the cursor from which /events goes on.
  lasting: true,
  input: z.object({
    actor: id.optional().describe('only what this user did, or an administrator as this user'),
    subject: id.optional().describe('only what happened to this user, file or announcement'),
    group_id: id.optional().describe('only what happened in this group'),
    kinds: wantedParameters.kinds,
    from: integer(0).default(0).describe('only events since this time, milliseconds'),
    to: integer(0).default(largest).describe('only events before this time, milliseconds'),
    ...paging(100),
  }),
  answer: z.array(
    z.looseObject({
      cursor: z.string().describe('position of the event, as /events takes it'),
      seq: z.int(),
      at: z.int().describe('milliseconds'),
      kind: z.string(),
      group_id: z.int().nullable(),
      group_version: z.int().nullable(),
      by_id: z.int().nullable().describe('the user who acted'),
      acting: z.string().describe('`user`, `administrator_as_user`, `administrator` or `service`'),
      key_id: z.string().describe('id of the key that signed the token; `operator` for the operator'),
      request: z.string().describe('`x-request-id` of the request'),
      ip: z.string().describe('as much of the address as AUDIT_IP keeps'),
    }),
  ),
  reads: ({ app: { app_id }, input }) => {
    const { actor = null, subject = null, kinds = [], from, to, cursor, limit, group_id } = input
    if (from > to) return refuse('invalid_parameter', 'from must not be later than to')
    const after = keyBehind(listOf(input), cursor, [largest, largest])
    if (after === undefined) return refuse('invalid_parameter', foreignCursor)
    const [version, seq] = after
    const asked = { app_id, seq, actor, subject, kinds, from, to, most: limit + 1 }
    if (group_id === undefined) return [trailOfApp(asked), lastReadOfApp(asked)]
    const inGroup = { ...asked, group_id, version }
    return [trailOfGroup(inGroup), lastReadOfGroup(inGroup)]
  },
  decide: ({ app, input }, [found, [lastRead]]) => {
    const { limit, from, group_id } = input
    const rows = found.slice(0, limit)
    const last = rows.at(-1)
    const page = (version: number, seq: number): Page => ({ cursor: cursorOf(listOf(input), [version, seq]) })
    const data = rows.map(row => audited(app.epoch, row))
    if (found.length > limit && last !== undefined)
      return { data, page: page(last.group_version ?? 0, last.seq) }
    if (lastRead === undefined || lastRead.at < from - clockStepMs) return { data, page: { cursor: '' } }
    // The page of a group looks at whole versions.
    return {
      data,
      page: group_id === undefined ? page(0, lastRead.seq) : page(lastRead.version - 1, largest),
    }
  },
})
