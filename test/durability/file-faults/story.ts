/**
 * Run by Node with the shim preloaded: plays one short story over and over, each time with another file call
 * that fails, and prints what was wrong as JSON. Arguments: a folder, the errno, `once` or `ever`, the first
 * call to fail, and the step from one to the next.
 */
import { cpSync, existsSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig } from '../../../src/config.ts'
import { DatabaseError } from '../../../src/db/engine.ts'
import { betterSqlite3 } from '../../../src/db/engines/better-sqlite3.ts'
import { logFile } from '../../../src/db/engines/log-file.ts'
import { backupCommand } from '../../../src/entry/cli/backup.ts'
import { checkCommand } from '../../../src/entry/cli/check.ts'
import type { Command, Invocation } from '../../../src/entry/cli/command.ts'
import { restoreCommand } from '../../../src/entry/cli/restore.ts'
import type { Runtime } from '../../../src/entry/runtime.ts'
import { signToken } from '../../support/client.ts'
import { type Instance, newInstance } from './instance.ts'

const [folder = '', errno = '', mode = '', firstText = '1', stepText = '1'] = process.argv.slice(2)
const base = join(folder, 'base')
const data = join(folder, 'data')
const copy = join(folder, 'copy')
const restored = join(folder, 'restored')
/** For another attempt, as another process makes it. */
const restoredLater = join(folder, 'restored-later')
const backup = join(folder, 'backup.db')
const secret = 'a-secret-of-the-demo-app-for-tests'

/** Orders to the shim are paths that are opened. */
function order(path: string): void {
  try {
    openSync(`/file-faults/${path}`, 'r')
  } catch {
    // The shim lets no such path exist.
  }
}

/** Only what the commands use of a runtime. */
const runtime = { openDatabase: betterSqlite3, logThread: logFile, command: [] } as unknown as Runtime

async function command(
  run: Command,
  folderOfData: string,
  positionals: string[],
  options: Invocation['options'],
) {
  let printed = ''
  const print = (text: string) => {
    printed += text
  }
  const config = readConfig({ DATA_DIR: folderOfData })
  try {
    return { code: await run.run({ runtime, config, options, positionals, print }), printed }
  } catch (error) {
    return { code: 1, printed: printed + String(error) }
  }
}

interface Told {
  readonly what: string
  readonly status: number
  readonly code: number
  /** Finds the change in a database; what is there is true, or must not be. */
  readonly sql: string
}

/** What the story was answered. */
interface Story {
  readonly told: Told[]
  backedUp: boolean
}

async function play(instance: Instance, token: string): Promise<Story> {
  const story: Story = { told: [], backedUp: false }
  const send = async (method: string, path: string, sql: string, body?: object | string) => {
    const headers: Record<string, string> = { app_id: 'demo', 'access-token': token }
    if (typeof body === 'object') headers['content-type'] = 'application/json'
    const text = typeof body === 'object' ? JSON.stringify(body) : body
    const response = await instance.app.request(path, { method, headers, ...(text && { body: text }) })
    // A download that breaks off is no answer.
    const answer = await response.text().catch(() => '')
    const parsed = answer.startsWith('{') ? JSON.parse(answer) : { code: response.status, data: null }
    const what = `${method} ${path.replace(/\?.*/, '')}`
    story.told.push({ what, status: response.status, code: parsed.code, sql })
    return parsed
  }
  const created = await send('POST', '/group/create', "SELECT 1 FROM groups WHERE description = 'New'", {
    description: 'New',
  })
  const group_id = created.data?.group_id ?? 1
  await send('POST', '/group/invite', 'SELECT 1 FROM members WHERE user_id = 77', {
    group_id,
    user_list: [77],
  })
  const slot = await send('GET', `/file/upload/chat?file_type=200&to_type=2&to_id=${group_id}`, '')
  if (slot.data !== null) {
    const bytes = 'bytes of a file '.repeat(5000)
    const stored = `SELECT 1 FROM objects WHERE state = 1 AND size = ${bytes.length}`
    await send('POST', slot.data.upload_url, stored, bytes)
    const url = slot.data.download_url
    await send('GET', url, '')
    const shared = await send(
      'POST',
      '/group/file/upload',
      "SELECT 1 FROM shared_files WHERE name = 'Shared'",
      {
        group_id,
        name: 'Shared',
        size: 1,
        url,
      },
    )
    if (shared.data !== null && shared.code === 200) {
      // The upload is gone again when this is answered.
      story.told.pop()
      const upload = story.told.findIndex(({ sql }) => sql === stored)
      if (upload >= 0) story.told.splice(upload, 1)
      const gone = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM shared_files WHERE name = 'Shared')"
      await send('POST', '/group/file/delete', gone, { group_id, file_list: [shared.data.file_id] })
    }
  }
  await instance.collect()
  story.backedUp = (await command(backupCommand, data, [backup], { files: true, force: true })).code === 0
  await send('POST', '/group/info/name', "SELECT 1 FROM groups WHERE name = 'Renamed'", {
    group_id,
    value: 'Renamed',
  })
  return story
}

/** What is wrong with the answers, by this database. */
function lies({ told }: Story, file: string, upTo = told.length): string[] {
  const engine = betterSqlite3(file)
  const found: string[] = []
  for (const { what, status, code, sql } of told.slice(0, upTo)) {
    if (status >= 500 && status !== 503) found.push(`${what} was answered ${status}`)
    if (sql === '' || status === 503) continue
    const there = engine.rows(sql).length > 0
    if (code === 200 && !there) found.push(`${what} was answered 200, and is not there`)
    if (code !== 200 && there) found.push(`${what} was answered ${code}, and was carried out`)
  }
  engine.close()
  return found
}

/** The story with the n-th call failing. Answers undefined when no call failed: the story has fewer. */
async function round(n: number, token: string): Promise<string[] | undefined> {
  for (const place of [data, copy, restored, restoredLater, backup, `${backup}.files`])
    rmSync(place, { recursive: true, force: true })
  cpSync(base, data, { recursive: true })
  order(`arm/${n}/${errno}/${mode}`)
  let instance: Instance | undefined
  let story: Story = { told: [], backedUp: false }
  const wrong: string[] = []
  try {
    instance = await newInstance(data)
    story = await play(instance, token)
  } catch (error) {
    // A start may say that the disk does not work, and only that.
    const ofDisk = error instanceof DatabaseError || (error instanceof Error && 'errno' in error)
    if (instance !== undefined || !ofDisk) wrong.push(`threw ${String(error)}`)
  }
  const restoring = story.backedUp
    ? await command(restoreCommand, restored, [backup], { files: true })
    : undefined
  order('disarm')
  // What a process finds that starts after a kill: what is in the operating system's memory.
  for (const name of readdirSync(data))
    if (!name.endsWith('-shm')) cpSync(join(data, name), join(copy, name), { recursive: true })
  await instance?.end()

  const database = join(copy, 'cohort.db')
  wrong.push(...lies(story, database))
  const checked = await command(checkCommand, copy, [], { files: true })
  // What was cut off between two steps is found and named; lost bytes are not.
  if (checked.code !== 0 && /lost its bytes|not true|the file:/.test(checked.printed))
    wrong.push(checked.printed)
  if (story.backedUp) {
    const place = restoring?.code === 0 ? restored : restoredLater
    const again =
      place === restored ? undefined : await command(restoreCommand, place, [backup], { files: true })
    if (again !== undefined && again.code !== 0)
      wrong.push(`a backup that was made cannot be restored: ${again.printed}`)
    else {
      wrong.push(...lies(story, join(place, 'cohort.db'), story.told.length - 1))
      const { code, printed } = await command(checkCommand, place, [], { files: true })
      if (code !== 0 && !/has no row/.test(printed)) wrong.push(`restored: ${printed}`)
    }
  }
  const [, failed, call] = readFileSync(process.env.FAULT_REPORT ?? '', 'utf8').split(/\s/)
  if (failed === '0') return undefined
  return wrong.map(text => `call ${n} (${call}) with ${errno} ${mode}: ${text}`)
}

const [iat, exp] = [Math.floor(Date.now() / 1000) - 60, Math.floor(Date.now() / 1000) + 3600]
const token = await signToken(secret, { app: 'demo', sub: '5', role: 1, iat, exp })
if (!existsSync(base)) {
  const first = await newInstance(base, secret)
  await first.end()
}
const problems: string[] = []
let rounds = 0
for (let n = Number(firstText); ; n += Number(stepText)) {
  const found = await round(n, token)
  if (found === undefined) break
  rounds++
  problems.push(...found)
}
process.stdout.write(JSON.stringify({ rounds, problems }))
process.exit(0)
