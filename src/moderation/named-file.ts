import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { db, type Placeholders, query } from '../db/query.ts'
import { grants, objects } from '../db/schema.ts'
import { objectState } from '../db/states.ts'
import { grantOf, maxFileSignLength } from '../file/file-sign.ts'
import { objectColumns, type StoredObject } from '../file/objects.ts'
import { recordsWhere } from '../file/remove-files.ts'
import { type Refusal, refuse } from '../operation/errors.ts'
import type { Call } from '../operation/operation.ts'

/*
 * The file that an administrator means: by its name in the store, which lists of files and events have, or by
 * the `file_sign` of one of its download URLs.
 */

export const namedFile = {
  object_name: z
    .string({ error: 'must be a string' })
    .max(256, { error: 'is too long' })
    .optional()
    .describe('the file by its name, as lists of files and events have it'),
  file_sign: z
    .string({ error: 'must be a string' })
    .max(maxFileSignLength, { error: 'is too long' })
    .optional()
    .describe('or by the file_sign of one of its download URLs'),
}

/** Both ways to name a file. `grant_id` is 0, which no grant has, where the name says it. */
type Name = { app_id: string; object_name: string; grant_id: number }

const nameIn = (p: Placeholders<Name>) =>
  sql`coalesce((SELECT object_name FROM grants WHERE grant_id = ${p.grant_id}), ${p.object_name})`

export const fileOfName = query<Name>()(p =>
  db
    .select(objectColumns)
    .from(objects)
    .where(and(sql`${objects.object_name} = ${nameIn(p)}`, eq(objects.app_id, p.app_id))),
)

/** The records that groups have of the file among their shared files. */
export const recordsOfName = query<Name>()(p => recordsWhere(sql`${grants.object_name} = ${nameIn(p)}`))

type Naming = Call<{ readonly object_name?: string | undefined; readonly file_sign?: string | undefined }>

/** The name that was sent. Refuses 10002 if there is not exactly one, and 10030 a wrong signature. */
export function nameSent({ app, input }: Naming): Name | Refusal {
  const { object_name, file_sign } = input
  const { app_id } = app
  if ((object_name === undefined) === (file_sign === undefined))
    return refuse('invalid_parameter', 'object_name or file_sign must be sent: one of them, and not both')
  if (object_name !== undefined) return { app_id, object_name, grant_id: 0 }
  const grant_id = grantOf(app, file_sign ?? '')
  return grant_id === undefined ? refuse('file_sign_invalid') : { app_id, object_name: '', grant_id }
}

/** The file, or 20022 if there is none any more. */
export const existing = (file: StoredObject | undefined): StoredObject | Refusal =>
  file === undefined || file.state === objectState.released
    ? refuse('shared_file_not_found', 'the file does not exist, or does not exist any more')
    : file
