import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import Database from 'better-sqlite3'
import { type Context, Hono } from 'hono'
import type { Statement } from '../../src/db/query.ts'
import { userJoined } from '../../src/group/directory.ts'
import { info, settings } from '../../src/group/info.ts'
import { memberList } from '../../src/group/members.ts'
import { Refusal } from '../../src/operation/errors.ts'
import type { Operation } from '../../src/operation/operation.ts'
import { appSettings } from '../../src/tenant/app.ts'

/*
 * What one would have without the service: Hono on Node, alone or with one thing of what the service does. No
 * tokens, no checks, no log. The SELECTs are the very texts of the operations, prepared once, on a copy of
 * the service's database.
 *
 *   /bare    answers a constant
 *   /body    parses the JSON body
 *   /select  answers the rows of the operation's SELECT
 *   /commit  parses the body and commits one row, each request on its own
 *   /bytes   answers a file of the folder FILES
 */

const { PORT = '0', DATABASE = '', FILES = '' } = process.env
const db = new Database(DATABASE)
for (const pragma of [
  'journal_mode = WAL',
  'synchronous = FULL',
  'cache_size = -65536',
  'temp_store = MEMORY',
])
  db.pragma(pragma)
db.exec(
  'CREATE TABLE IF NOT EXISTS yardstick (id INTEGER PRIMARY KEY, group_id INTEGER NOT NULL, text TEXT NOT NULL)',
)

/** The last SELECT of an operation: the one of its answer. */
function selectOf(operation: Operation, input: Readonly<Record<string, unknown>>) {
  const app = { app_id: '', secrets: [], keys: [], jwks_url: '', settings: appSettings.parse({}), epoch: '' }
  const caller = { administrator: false, user_id: 1, only_group: null }
  const reads = operation.reads({ app, caller, input, now: 0, newId: () => 0 })
  const statement: Statement | undefined = reads instanceof Refusal ? undefined : reads.at(-1)?.statement
  if (statement === undefined) throw new Error(`${operation.id} reads nothing`)
  return { statement, prepared: db.prepare<unknown[], Record<string, unknown>>(statement.sql) }
}

const app_id = 'demo'
const success = (context: Context, data: unknown): Response =>
  context.json({ code: 200, data, message: null })
const app = new Hono()
app.all('/bare/*', context => success(context, true))
app.post('/body/*', async context => success(context, (await context.req.json()).group_id ?? null))

const insert = db.prepare('INSERT INTO yardstick (group_id, text) VALUES (?, ?)')
app.post('/commit/*', async context => {
  const body = await context.req.json()
  insert.run(body.group_id ?? 0, JSON.stringify(body))
  return success(context, true)
})

for (const operation of [info, settings]) {
  const { statement, prepared } = selectOf(operation, { group_id: 1 })
  app.get(`/select${operation.path}`, context =>
    success(
      context,
      prepared.get(
        ...statement.bind({ app_id, group_id: Number(context.req.query('group_id')), user_id: 1 }),
      ),
    ),
  )
}
const page = selectOf(memberList, { group_id: 1, cursor: '', limit: 1 })
app.get(`/select${memberList.path}`, context => {
  const { group_id, limit, cursor = '' } = context.req.query()
  const after = cursor === '' ? 0 : Number.parseInt(cursor, 36)
  const size = Number(limit)
  const where = {
    group_id: Number(group_id),
    after,
    began: Number.MAX_SAFE_INTEGER,
    limit: size,
    skip: size - 1,
  }
  const [found] = page.prepared.all(...page.statement.bind({ ...where, viewer_id: 1, now: Date.now() }))
  return success(context, found)
})
const joined = selectOf(userJoined, {})
let user_id = 0
app.get(`/select${userJoined.path}`, context => {
  user_id = (user_id % 1000) + 1
  return success(context, joined.prepared.all(...joined.statement.bind({ app_id, user_id })))
})
app.post('/select/*', async context => success(context, (await context.req.json()).group_id))

app.get(
  '/bytes/:name/*',
  async context => new Response(await readFile(join(FILES, context.req.param('name')))),
)

const server = createAdaptorServer({ fetch: app.fetch, createServer })
server.listen(Number(PORT), '127.0.0.1', () => process.stderr.write('ready\n'))
process.on('SIGTERM', () => process.exit(0))
