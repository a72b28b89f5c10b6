import { join } from 'node:path'
import Database from 'better-sqlite3'
import { sendFile, toGroup } from './files.ts'
import { dataOf, newGroup, people } from './groups.ts'
import type { Installation } from './programs.ts'
import { newWorld } from './world.ts'

/** Lines as values, without what grows with every import. */
export const linesIn = (text: string): unknown[] =>
  text
    .trimEnd()
    .split('\n')
    .map(line => {
      const { version: _, ...rest } = JSON.parse(line)
      return rest
    })

export const line = (type: string, value: object): string => `${JSON.stringify({ type, ...value })}\n`
export const group = (group_id: number, value: object = {}): string =>
  line('group', { group_id, owner_id: 1, ...value })
export const member = (group_id: number, user_id: number, value: object = {}): string =>
  line('member', { group_id, user_id, ...value })
export const blocked = (group_id: number, user_id: number): string => line('blocked', { group_id, user_id })

/** A database's answer, of one row and column. */
export function ask({ data }: Installation, sql: string): unknown {
  const database = new Database(join(data, 'cohort.db'), { readonly: true })
  try {
    return database.prepare(sql).pluck().get()
  } finally {
    database.close()
  }
}

/** An app with groups of every kind, and texts that any tool on the way might trip over. */
export async function fullApp(source: Installation): Promise<void> {
  const instance = await source.serve()
  await newWorld(instance)
  const { owner, guest } = await people(instance, ['owner', 'guest'])
  const group_id = await newGroup(owner, {
    name: `it's "quoted"; DROP TABLE groups; -- /* \u{1f600} 中文`,
    // Not with a backslash before an n beside it: wrangler's local export takes that for a line break.
    description: 'first\nsecond; -- third\r\n\\t \0 after NUL \u0085',
    type: 2,
    user_list: [guest.id],
  })
  dataOf(await owner.post('/group/display_name', { group_id, value: "The 'boss' ; -- `x`" }))
  dataOf(
    await owner.post('/group/announcement/edit', {
      group_id,
      title: 'T',
      content: `${'\u{1f600}'.repeat(8190)}\n`,
    }),
  )
  dataOf(await guest.post('/group/msg/mute_mode', { group_id, msg_mute_mode: 2 }))
  await sendFile(owner, toGroup(group_id), new Uint8Array(1234))
  const dissolved = await newGroup(owner)
  dataOf(await owner.post('/group/destroy', { group_id: dissolved }))
  await instance.stop()
}
