import { and, eq, sql } from 'drizzle-orm'
import { db, query } from '../db/query.ts'
import { grants, groups, objects, sharedFiles } from '../db/schema.ts'
import { groupStatus } from '../db/states.ts'
import { task } from '../operation/task.ts'
import { endUnrecorded } from './end-grants.ts'
import { recordColumns, removeFiles, removeRecords } from './remove-files.ts'

/*
 * Files that are older than their app keeps them (settings `retention_chat_days` and
 * `retention_shared_days`). A record among the shared files of a group goes by its own age. A file goes by
 * its age when no record refers to it any more, so a chat file that was also shared stays as long as a shared
 * file.
 */

type Older = { app_id: string; before: number }
type Portion = Older & { most: number }

const oldRecords = query<Portion>()(p =>
  db
    .select({ ...recordColumns, grant_id: grants.grant_id, object_name: grants.object_name })
    .from(sharedFiles)
    .innerJoin(groups, and(eq(groups.group_id, sharedFiles.group_id), eq(groups.status, groupStatus.living)))
    .leftJoin(grants, and(eq(grants.grant_id, sharedFiles.grant_id), sql`${sharedFiles.grant_id} <> 0`))
    .where(and(eq(sharedFiles.app_id, p.app_id), sql`${sharedFiles.created_at} < ${p.before}`))
    .orderBy(sharedFiles.created_at, sharedFiles.file_id)
    .limit(p.most),
)

/** In the words of the partial index of each. */
const kinds = {
  chat: sql`state = 1 AND kind >= 100 AND kind < 200`,
  shared: sql`state = 1 AND kind >= 200`,
}
/** `since`: records that were made before do not keep the file. */
const isOldFile = (kind: keyof typeof kinds, app_id: unknown, before: unknown, since: unknown) =>
  sql`${objects.app_id} = ${app_id} AND ${objects.created_at} < ${before} AND ${kinds[kind]}
    AND NOT EXISTS (SELECT 1 FROM grants AS g JOIN shared_files AS f ON f.grant_id = g.grant_id AND f.grant_id <> 0
      WHERE g.object_name = ${objects.object_name} AND f.created_at >= ${since})`

const oldFiles = (kind: keyof typeof kinds) =>
  query<Portion>()(p =>
    db
      .select({ object_name: objects.object_name })
      .from(objects)
      .where(isOldFile(kind, p.app_id, p.before, sql`0`))
      .orderBy(objects.created_at, objects.object_name)
      .limit(p.most),
  )
const countOldFiles = (kind: keyof typeof kinds) =>
  query<Older & { since: number }>()(p =>
    db
      .select({
        files: sql<number>`count(*)`.as('files'),
        bytes: sql<number>`coalesce(sum(size + derived_bytes), 0)`.as('bytes'),
      })
      .from(objects)
      .where(isOldFile(kind, p.app_id, p.before, p.since)),
  )

const old = { chat: oldFiles('chat'), shared: oldFiles('shared') }

/** How many files of this kind would go if all records from before `since` were gone, and their bytes. */
export const countOld = { chat: countOldFiles('chat'), shared: countOldFiles('shared') }

/** How many records are older than `before`. */
export const countOldRecords = query<Older>()(p =>
  db
    .select({ records: sql<number>`count(*)`.as('records') })
    .from(sharedFiles)
    .where(and(eq(sharedFiles.app_id, p.app_id), sql`${sharedFiles.created_at} < ${p.before}`)),
)

/** Removes at most `most` of the records that are older than `before`. Answers how many. */
export const removeOldRecords = (before: number, most: number) =>
  task({
    reads: ({ app: { app_id } }) => [oldRecords({ app_id, before, most })],
    decide: (_, [found]) => {
      if (found.length === 0) return { data: 0 }
      const { writes, events } = removeRecords(found)
      const granted = found.flatMap(({ grant_id, object_name }) =>
        grant_id !== null && object_name !== null ? [{ grant_id, object_name }] : [],
      )
      return { data: found.length, writes: [...writes, ...endUnrecorded(granted)], events }
    },
  })

/** Removes at most `most` of the files of this kind that are older than `before`. Answers how many. */
export const removeOldFiles = (kind: keyof typeof kinds, before: number, most: number) =>
  task({
    reads: ({ app: { app_id } }) => [old[kind]({ app_id, before, most })],
    decide: (_, [found]) => {
      const names = found.map(({ object_name }) => object_name)
      return { data: names.length, ...removeFiles(names, []) }
    },
  })
