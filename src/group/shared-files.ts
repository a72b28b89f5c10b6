import { and, eq, type Placeholder, sql } from 'drizzle-orm'
import * as z from 'zod'
import { command, db, inList, listOf, query } from '../db/query.ts'
import { grants, sharedFiles } from '../db/schema.ts'
import { fileHold, receiverType } from '../db/states.ts'
import { endUnrecorded } from '../file/end-grants.ts'
import { cleanFileName } from '../file/file-name.ts'
import { grantInUrl } from '../file/file-sign.ts'
import { isModerator } from '../file/hold.ts'
import { refusalToSend, toGroup } from '../file/recipient.ts'
import { type ErrorName, refuse, textOf } from '../operation/errors.ts'
import { id, integer, name, pagingIfAsked, someIds, url } from '../operation/fields.ts'
import { pagedList } from '../operation/page.ts'
import { role } from '../operation/roles.ts'
import { done } from './answers.ts'
import { type Actor, groupOperation } from './group-operation.ts'

const sharedFile = z.object({
  created_at: z.int().describe('milliseconds'),
  file_id: z.int(),
  group_id: z.int(),
  name: z.string(),
  size: z.int().describe('bytes'),
  type: z.string(),
  updated_at: z.int().describe('milliseconds'),
  uploader: z.int(),
  url: z.string(),
})

const columns = {
  created_at: sharedFiles.created_at,
  file_id: sharedFiles.file_id,
  group_id: sharedFiles.group_id,
  name: sharedFiles.name,
  size: sharedFiles.size,
  type: sharedFiles.type,
  updated_at: sharedFiles.updated_at,
  uploader: sharedFiles.uploader_id,
  url: sharedFiles.url,
}
type SharedFile = z.infer<typeof sharedFile>

const mayChange = (me: Actor, file: Pick<SharedFile, 'uploader'>): boolean =>
  file.uploader === me.actor_id || (me.role ?? 0) >= role.admin

const grantForGroup = query<{ grant_id: number; group_id: number }>()(p =>
  db
    .select({ grant_id: grants.grant_id })
    .from(grants)
    .where(
      and(
        eq(grants.grant_id, p.grant_id),
        eq(grants.to_type, receiverType.group),
        eq(grants.to_id, p.group_id),
      ),
    ),
)

const insert = command<SharedFile & { app_id: string; grant_id: number }>()(
  p => sql`INSERT INTO shared_files (file_id, group_id, uploader_id, name, size, type, url, grant_id, created_at, updated_at, app_id)
    VALUES (${p.file_id}, ${p.group_id}, ${p.uploader}, ${p.name}, ${p.size}, ${p.type}, ${p.url}, ${p.grant_id}, ${p.created_at}, ${p.updated_at}, ${p.app_id})`,
)

export const uploadFile = groupOperation({
  id: 'post__group_file_upload',
  methods: ['POST'],
  path: '/group/file/upload',
  title: 'Share a file with a group',
  description:
    'Records a file by its URL: any http(s) URL, or a download URL of this service. Who is banned may not. The bytes go to the upload URL of /file/upload/chat.',
  requires: 'member',
  writes: true,
  input: z.object({ group_id: id, name: name(255, 1), size: integer(0), type: name(128).default(''), url }),
  answer: sharedFile,
  reads: ({ app, input }, group_id) => [
    grantForGroup({ grant_id: grantInUrl(app, input.url) ?? 0, group_id }),
  ],
  decide: (call, [[grant]]) => {
    const { group, me, now, newId, input } = call
    const refusal = refusalToSend(toGroup, { ...group, role: me.role, ban_until: me.ban_until }, now)
    if (refusal !== undefined) return refusal
    const file: SharedFile = {
      created_at: now,
      file_id: newId(),
      group_id: group.group_id,
      name: input.name,
      size: input.size,
      type: input.type,
      updated_at: now,
      uploader: me.actor_id,
      url: input.url,
    }
    return {
      data: file,
      writes: [
        insert({ ...file, app_id: call.app.app_id, grant_id: grant?.grant_id ?? 0 }),
        ...(grant === undefined
          ? []
          : [nameObject({ grant_id: grant.grant_id, name: cleanFileName(file.name) })]),
      ],
      events: [call.event('group.file.shared', { files: [file.file_id], name: file.name, size: file.size })],
    }
  },
})

/** If the sender did not name the file, the first name that it is shared under becomes its name. */
const nameObject = command<{ grant_id: number; name: string }>()(
  p => sql`UPDATE objects SET name = ${p.name}
    WHERE name = '' AND object_name = (SELECT object_name FROM grants WHERE grant_id = ${p.grant_id})`,
)

const byId = query<{ group_id: number; file_id: number }>()(p =>
  db
    .select(columns)
    .from(sharedFiles)
    .where(and(eq(sharedFiles.file_id, p.file_id), eq(sharedFiles.group_id, p.group_id))),
)

/** True for a record of a file that is not under quarantine, and for every record if `all` is 1. */
const isShown = (all: Placeholder<string, number>) => sql`(${sharedFiles.grant_id} = 0 OR ${all} = 1
  OR NOT EXISTS (SELECT 1 FROM grants AS g JOIN objects AS o ON o.object_name = g.object_name
    WHERE g.grant_id = ${sharedFiles.grant_id} AND o.hold = ${fileHold.quarantined}))`

const shownById = query<{ group_id: number; file_id: number; all: number }>()(p =>
  db
    .select(columns)
    .from(sharedFiles)
    .where(and(eq(sharedFiles.file_id, p.file_id), eq(sharedFiles.group_id, p.group_id), isShown(p.all))),
)

export const getFile = groupOperation({
  id: 'get__group_file',
  methods: ['GET'],
  path: '/group/file',
  title: 'Get a shared file',
  requires: 'member',
  input: z.object({ group_id: id, file_id: id }),
  answer: sharedFile,
  reads: ({ caller, input }, group_id) => [
    shownById({ group_id, file_id: input.file_id, all: isModerator(caller) ? 1 : 0 }),
  ],
  decide: (_, [[file]]) => (file === undefined ? refuse('shared_file_not_found') : { data: file }),
})

const pages = pagedList<{ group_id: number; all: number }>()({
  name: 'files',
  key: sharedFiles.file_id,
  newestFirst: true,
  item: () => columns,
  from: (select, p, beyond) =>
    select.from(sharedFiles).where(and(eq(sharedFiles.group_id, p.group_id), isShown(p.all), beyond)),
  mayBeLarge: true,
})

export const fileList = groupOperation({
  id: 'get__group_file_list',
  methods: ['GET'],
  path: '/group/file/list',
  title: 'List the shared files of a group',
  description:
    'Newest first, as many as fit; the rest come with the cursor that is answered. Files under quarantine are left out.',
  requires: 'member',
  paged: 'cursor',
  input: z.object({ group_id: id, ...pagingIfAsked }),
  answer: z.array(sharedFile),
  reads: (call, group_id) => pages.reads(call, group_id, { group_id, all: isModerator(call.caller) ? 1 : 0 }),
  decide: (call, page) => pages.answer(call, call.group.group_id, page),
})

const rename = command<{ file_id: number; name: string; now: number }>()(
  p => sql`UPDATE shared_files SET name = ${p.name}, updated_at = ${p.now} WHERE file_id = ${p.file_id}`,
)

export const updateFileName = groupOperation({
  id: 'put__group_file_update_name',
  methods: ['PUT', 'POST'],
  path: '/group/file/update_name',
  title: 'Rename a shared file',
  description: 'Its uploader, or an admin.',
  requires: 'member',
  writes: true,
  input: z.object({ group_id: id, file_id: id, name: name(255, 1) }),
  answer: done,
  reads: ({ input }, group_id) => [byId({ group_id, file_id: input.file_id })],
  decide: (call, [[file]]) => {
    if (file === undefined) return refuse('shared_file_not_found')
    if (!mayChange(call.me, file)) return refuse('not_your_shared_file')
    return {
      data: true,
      writes: [rename({ file_id: file.file_id, name: call.input.name, now: call.now })],
      events: [
        call.event('group.file.renamed', {
          files: [file.file_id],
          changes: { name: [file.name, call.input.name] },
        }),
      ],
    }
  },
})

/**
 * Records of a group, each with its object and the object's sender. These are null if the record refers to no
 * object of ours.
 */
const inGroup = query<{ group_id: number; file_ids: readonly number[] }>()(p =>
  db
    .select({
      file_id: sharedFiles.file_id,
      uploader: sharedFiles.uploader_id,
      grant_id: grants.grant_id,
      from_id: grants.from_id,
      object_name: grants.object_name,
    })
    .from(sharedFiles)
    .leftJoin(grants, and(eq(grants.grant_id, sharedFiles.grant_id), sql`${sharedFiles.grant_id} <> 0`))
    .where(and(inList(sharedFiles.file_id, p.file_ids), eq(sharedFiles.group_id, p.group_id))),
)

const remove = command<{ file_ids: readonly number[] }>()(
  p => sql`DELETE FROM shared_files WHERE file_id IN ${listOf(p.file_ids)}`,
)

export const deleteFile = groupOperation({
  id: 'delete__group_file_delete',
  methods: ['DELETE', 'POST'],
  path: '/group/file/delete',
  title: 'Delete shared files',
  description:
    'Its uploader, or an admin. The bytes go too when their sender or an admin deletes the last record of them, and nobody else was given them.',
  requires: 'member',
  writes: true,
  input: z.object({ group_id: id, file_list: someIds }),
  answer: z.array(z.object({ file_id: z.int(), reason: z.string(), result: z.enum(['success', 'fail']) })),
  reads: ({ input }, group_id) => [inGroup({ group_id, file_ids: input.file_list })],
  decide: (call, [found]) => {
    const byId = new Map(found.map(file => [file.file_id, file]))
    const refusalOf = (file_id: number): ErrorName | undefined => {
      const file = byId.get(file_id)
      if (file === undefined) return 'shared_file_not_found'
      return mayChange(call.me, file) ? undefined : 'not_your_shared_file'
    }
    const judged = call.input.file_list.map(file_id => ({ file_id, refusal: refusalOf(file_id) }))
    const data = judged.map(({ file_id, refusal }) => ({
      file_id,
      reason: refusal === undefined ? '' : textOf(refusal),
      result: refusal === undefined ? ('success' as const) : ('fail' as const),
    }))
    const gone = judged.filter(item => item.refusal === undefined).map(item => item.file_id)
    if (gone.length === 0) return { data }
    const { actor_id, role: has } = call.me
    const mayRelease = (from_id: number | null): boolean => from_id === actor_id || (has ?? 0) >= role.admin
    const ended = gone.flatMap(file_id => {
      const { grant_id, from_id, object_name } = byId.get(file_id) ?? {}
      return grant_id && object_name && mayRelease(from_id ?? null) ? [{ grant_id, object_name }] : []
    })
    return {
      data,
      writes: [remove({ file_ids: gone }), ...endUnrecorded(ended)],
      events: [call.event('group.file.deleted', { files: gone })],
    }
  },
})
