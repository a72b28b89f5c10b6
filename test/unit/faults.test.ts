import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, expect, it } from 'vitest'
import { callers } from '../support/client.ts'
import {
  freePort,
  type Running,
  removeFolder,
  run,
  startServer,
  temporaryFolder,
} from '../support/process.ts'
import { download, upload } from '../support/uploads.ts'

/*
 * SQLite's own faults, brought about for real: a full disk, a database that somebody else holds, a damaged
 * page. The service must answer 20000, stay up, write nothing by half, and go on when the fault is over.
 */

const environment = { APP_ID: 'demo', APP_SECRET: 'a-secret-of-the-demo-app-for-tests', LOG_LEVEL: 'error' }
let data: string
let running: Running | undefined

async function start(prefix: readonly string[] = []) {
  const port = await freePort()
  const env = { ...environment, DATA_DIR: data, PORT: String(port) }
  const url = `http://127.0.0.1:${port}`
  running = await startServer([...prefix, 'node', 'dist/cohort.js', 'serve'], env, url)
  const unused = () => Promise.reject(new Error('not for this test'))
  const instance = {
    url,
    app_id: environment.APP_ID,
    secret: environment.APP_SECRET,
    createApp: unused,
    setApp: unused,
    setJwks: unused,
    rotateSecret: unused,
    check: unused,
    crash: unused,
    stop: unused,
  }
  return callers(instance)
}

const check = () => run(['node', 'dist/cohort.js', 'check'], { DATA_DIR: data })

afterEach(async () => {
  await running?.end('SIGKILL')
  running = undefined
  await removeFolder(data)
})

it('answers 20000 while the disk is full, and goes on when it is not', async () => {
  data = temporaryFolder()
  // The kernel refuses to let any file grow beyond 2 MB, as a full disk does. The soft limit can be lifted
  // later.
  const { as } = await start(['bash', '-c', 'ulimit -S -f 2000 && exec "$@"', 'bash'])
  const owner = await as(1)
  const created: number[] = []
  const description = 'x'.repeat(1000)
  let refused: Awaited<ReturnType<typeof owner.post>> | undefined
  for (let i = 0; i < 3000 && refused === undefined; i++) {
    const answer = await owner.post('/group/create', { description })
    if (answer.code === 200) created.push(answer.data.group_id)
    else refused = answer
  }
  expect(refused).toMatchObject({ status: 200, code: 20000, data: null })
  expect(refused?.message).not.toMatch(/sqlite|disk|\//i)
  expect((await owner.get('/group/info', { group_id: created[0] ?? 0 })).code).toBe(200)

  const lifted = await run(['prlimit', `--pid=${running?.child.pid}`, '--fsize=unlimited'])
  expect(lifted).toMatchObject({ code: 0 })
  const again = await owner.post('/group/create', { description })
  expect(again.code).toBe(200)
  const joined = await owner.get('/group/user_joined')
  expect(joined.data.toSorted()).toEqual([...created, again.data.group_id].toSorted())
  expect(await check()).toMatchObject({ code: 0, stdout: 'ok\n' })
})

it('answers 20000 while another process holds the database, everything else meanwhile, and goes on when it lets go', async () => {
  data = temporaryFolder()
  const { as } = await start()
  const owner = await as(1)
  const { group_id } = (await owner.post('/group/create', {})).data
  const other = new Database(join(data, 'cohort.db'))
  other.exec('BEGIN IMMEDIATE')
  const answered: string[] = []
  const note = async (what: string, answer: Promise<unknown>) => {
    await answer
    answered.push(what)
  }
  const invited = owner.post('/group/invite', { group_id, user_list: [2] })
  await Promise.all([
    note('invite', invited),
    note('healthz', owner.get('/healthz')),
    note('info', owner.get('/group/info', { group_id })),
  ])
  expect(answered.at(-1)).toBe('invite')
  expect((await invited).code).toBe(20000)
  expect((await owner.get('/group/info', { group_id })).data.count).toBe(1)
  expect(await owner.get('/readyz')).toMatchObject({
    status: 503,
    message: 'not ready: another process holds the database',
  })
  const waiting = owner.post('/group/invite', { group_id, user_list: [3] })
  other.exec('COMMIT')
  other.close()
  expect((await waiting).data[0].result).toBe('success')
  expect((await owner.post('/group/invite', { group_id, user_list: [5] })).data[0].result).toBe('success')
  expect(await check()).toMatchObject({ code: 0 })
})

it('answers 20000 for what lies on a damaged page, serves the rest, and `check` says so', async () => {
  data = temporaryFolder()
  const first = await start()
  const owner = await first.as(1)
  const { group_id } = (await owner.post('/group/create', {})).data
  for (let i = 0; i < 40; i++)
    await owner.post('/group/announcement/edit', {
      group_id,
      title: 't',
      content: `marked ${'y'.repeat(8000)}`,
    })
  await running?.end('SIGTERM')
  const file = join(data, 'cohort.db')
  expect(existsSync(`${file}-wal`)).toBe(false)
  const bytes = readFileSync(file)
  const page = 4096
  const at = Math.floor(bytes.indexOf('marked') / page) * page
  // The header of a page of announcements becomes nonsense.
  writeSync(openSync(file, 'r+'), Buffer.alloc(16, 0xff), 0, 16, at)

  const second = await start()
  const member = await second.as(1)
  const damaged = await member.get('/group/announcement/list', { group_id })
  expect(damaged).toMatchObject({ status: 200, code: 20000, data: null })
  expect((await member.get('/group/info', { group_id })).code).toBe(200)
  expect((await member.post('/group/invite', { group_id, user_list: [2] })).code).toBe(200)
  const found = await check()
  expect(found.code).toBe(1)
  expect(found.stdout).toMatch(/the file: /)
})

it('answers 503 to a download while the database cannot be read', async () => {
  data = temporaryFolder()
  const { as } = await start()
  const sender = await as(1)
  const { target } = await upload(
    sender,
    '/file/upload/chat',
    { file_type: 100, to_id: 2 },
    new Uint8Array(new TextEncoder().encode('hello')),
  )
  expect((await download(sender, target.download_url)).status).toBe(200)
  const other = new Database(join(data, 'cohort.db'))
  other.exec('ALTER TABLE grants RENAME TO hidden')
  const failed = await download(sender, target.download_url)
  expect(failed.status).toBe(503)
  expect(failed.headers.get('retry-after')).toMatch(/^\d+$/)
  expect(await failed.json()).toMatchObject({ code: 20000, data: null })
  other.exec('ALTER TABLE hidden RENAME TO grants')
  other.close()
  expect((await download(sender, target.download_url)).status).toBe(200)
})

it('collects the bytes of every other object while those of one cannot be deleted', async () => {
  data = temporaryFolder()
  const { as } = await start()
  const owner = await as(1)
  const { group_id } = (await owner.post('/group/create', {})).data
  const share = async (name: string) => {
    const { target } = await upload(
      owner,
      '/file/upload/chat',
      { file_type: 200, to_id: group_id, to_type: 2 },
      new Uint8Array(new TextEncoder().encode(name)),
    )
    const file = await owner.post('/group/file/upload', {
      group_id,
      name,
      size: name.length,
      url: target.download_url,
    })
    return file.data.file_id as number
  }
  const file_list = [await share('one'), await share('two'), await share('six')]
  const objects = join(data, 'files', 'objects')
  const paths = readdirSync(objects, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
  expect(paths).toHaveLength(3)
  // A folder in the place of a file cannot be deleted.
  const [stuck = ''] = paths
  unlinkSync(stuck)
  mkdirSync(stuck)
  expect((await owner.post('/group/file/delete', { group_id, file_list })).code).toBe(200)
  const collected = await run(['node', 'dist/cohort.js', 'gc'], { DATA_DIR: data })
  expect(collected).toMatchObject({ code: 1 })
  expect(collected.stdout).toMatch(/^collect-released: 2 objects, 6 bytes$/m)
  expect(paths.filter(path => existsSync(path))).toEqual([stuck])
  rmdirSync(stuck)
  expect(await run(['node', 'dist/cohort.js', 'gc'], { DATA_DIR: data })).toMatchObject({ code: 0 })
})

it('says what is wrong with a database that is none', async () => {
  data = temporaryFolder()
  writeFileSync(join(data, 'cohort.db'), 'this is not a database, however long it may be '.repeat(100))
  const { code, stdout, stderr } = await run(['node', 'dist/cohort.js', 'serve'], {
    DATA_DIR: data,
    PORT: '0',
  })
  expect(code).toBe(1)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/^cohort: the database: .*not a database/)
})
