import * as z from 'zod'
import { commaSeparated, id } from '../operation/fields.ts'
import { positionIn, positionText } from './cursor.ts'
import { isEventKind, type RecordedEvent } from './event.ts'

/** Query parameters with which a reader of the feed chooses its events. */
export const wantedParameters = {
  after: z
    .union([z.literal('earliest'), positionText('cursor')], {
      error: 'must be a cursor that an earlier answer gave, or earliest',
    })
    .optional()
    .describe('cursor of the last event read, or `earliest`; without it, from now on'),
  kinds: z
    .string()
    .transform(text => text.split(','))
    .refine(names => names.every(isEventKind), { error: 'must be kinds of events, separated by commas' })
    .meta({ type: 'string', format: commaSeparated })
    .optional()
    .describe('only these kinds, separated by commas'),
  group_id: id.optional().describe('only of this group'),
}

/** The events that a reader has chosen. */
export interface Wanted {
  /** undefined: all kinds. */
  readonly kinds: ReadonlySet<string> | undefined
  readonly group_id: number | undefined
}

export const isWanted = (
  { kinds, group_id }: Wanted,
  { kind, group_id: of }: Pick<RecordedEvent, 'kind' | 'group_id'>,
): boolean => (kinds === undefined || kinds.has(kind)) && (group_id === undefined || of === group_id)

interface Reached {
  readonly epoch: string
  readonly head: number
  readonly earliest: number
}

/** The `seq` after which a reader goes on; undefined if its cursor is void or older than `earliest`. */
export function startOf(after: string | undefined, { epoch, head, earliest }: Reached): number | undefined {
  if (after === undefined) return head
  if (after === 'earliest') return earliest
  const cursor = positionIn(after)
  if (cursor?.epoch !== epoch || cursor.number < earliest || cursor.number > head) return undefined
  return cursor.number
}
