// Before a release, once its version is in package.json: `node scripts/release-fixture.mjs` keeps a database
// of it in test/fixtures/released/VERSION, which test/unit/released.test.ts opens with every later version.
//   database.sql   a dump of a database with something of everything in it
//   files/         the stored files that go with it
// calls.ndjson calls in their order, reads first, and what this version answers them: {as, method, path,
// body, code, data}
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { SignJWT } from 'jose'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
const target = join('test/fixtures/released', version)
const folder = mkdtempSync(join(tmpdir(), 'cohort-release-'))
const environment = {
  ...process.env,
  DATA_DIR: join(folder, 'data'),
  PORT: '8799',
  APP_ID: 'demo',
  APP_SECRET: 'a-secret-of-the-demo-app-for-tests',
  PUBLIC_URL: 'https://chat.example.org',
  LOG_LEVEL: 'warn',
}
const service = `http://127.0.0.1:${environment.PORT}`

function cohort(...args) {
  const { status, stderr } = spawnSync(process.execPath, ['dist/cohort.js', ...args], {
    env: environment,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
}

async function call({ as, method = 'POST', path, body }) {
  const payload = { app: 'demo', role: 1, sub: String(as), iat: Math.floor(Date.now() / 1000) }
  const token = await new SignJWT(payload)
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(environment.APP_SECRET))
  const headers = { app_id: 'demo', 'access-token': token, 'content-type': 'application/json' }
  const response = await fetch(service + path, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return text.startsWith('{') ? JSON.parse(text) : { code: response.status, data: text }
}

/** Changes something, which must succeed. */
async function change(as, path, body = {}) {
  const { code, data, message } = await call({ as, path, body })
  if (code !== 200) throw new Error(`${path}: ${message}`)
  return data
}

/** Sends a file to where `path` says; answers its download URL. */
async function send(as, path, bytes) {
  const { data } = await call({ as, method: 'GET', path })
  const { pathname, search } = new URL(data.upload_url)
  const response = await fetch(service + pathname + search, { method: 'PUT', body: bytes })
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
  return data.download_url
}

/** A GIF of one pixel. */
const picture = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
const [owner, admin, member, banned, blocked, applicant, invitee, shy, kicked, former] = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
]

/** Something of everything. Answers the calls that tell of it, and some that change it. */
async function tell() {
  const { group_id } = await change(owner, '/group/create', {
    name: `Anna's "Book" club; 读书 \u{1f4da}`,
    description: 'Tuesdays,\nat seven',
    user_list: [admin, member, banned, kicked, former],
  })
  const inGroup = (as, path, body) => change(as, `/group/${path}`, { group_id, ...body })
  await inGroup(owner, 'admin/add', { user_list: [admin] })
  await inGroup(owner, 'ban', { user_list: [banned], duration: -1 })
  await inGroup(owner, 'block', { user_list: [blocked] })
  await inGroup(admin, 'kick', { user_list: [kicked] })
  await inGroup(former, 'leave')
  await inGroup(former, 'apply', { reason: 'I miss you' })
  await inGroup(admin, 'apply/handle', { user_id: former, approval: false })
  await inGroup(applicant, 'apply', { reason: 'I like books' })
  for (const user of [invitee, shy]) {
    await change(user, '/user/settings', { group_confirm: true })
    await inGroup(owner, 'invite', { user_list: [user], reason: 'Come' })
  }
  await inGroup(shy, 'invite/handle', { user_id: owner, approval: false })
  await inGroup(owner, 'info/ext', { value: '{"colour":"red"}' })
  await inGroup(owner, 'settings/hide_member_info', { value: true })
  await inGroup(owner, 'settings/enable_read_ack', { value: true })
  await inGroup(member, 'display_name', { value: 'Cleo' })
  await inGroup(member, 'msg/mute_mode', { msg_mute_mode: 2 })
  await inGroup(member, 'msg/push_mode', { msg_push_mode: 3 })
  await inGroup(owner, 'announcement/edit', { title: 'Tuesday', content: 'Chapter 3' })
  const announcement = await inGroup(admin, 'announcement/edit', {
    title: 'Wednesday',
    content: "It's chapter 4",
  })
  const chat = await send(
    member,
    `/file/upload/chat?file_type=200&to_type=2&to_id=${group_id}`,
    'Notes on chapter 3',
  )
  const avatar = await send(owner, `/file/upload/avatar/group?group_id=${group_id}`, picture)
  await inGroup(owner, 'info/avatar', { value: avatar })
  const shared = await inGroup(member, 'file/upload', {
    name: 'notes.txt',
    size: 18,
    type: 'text/plain',
    url: chat,
  })
  await inGroup(admin, 'file/upload', { name: 'list.html', size: 7, url: 'https://example.org/list.html' })
  const chatroom = await change(admin, '/group/create', { type: 2, name: 'Everybody' })
  await change(owner, '/group/apply', { group_id: chatroom.group_id })
  await change(admin, '/group/settings/ban_all', { group_id: chatroom.group_id, duration: -1 })
  const dissolved = await change(owner, '/group/create', { name: 'Chess club', user_list: [member] })
  await change(owner, '/group/destroy', { group_id: dissolved.group_id })

  const get = (as, path) => ({ as, method: 'GET', path })
  const post = (as, path, body) => ({
    as,
    method: 'POST',
    path: `/group/${path}`,
    body: { group_id, ...body },
  })
  const toldToMembers = [
    'info',
    'settings',
    'member_list',
    'admin_list',
    'banned_list',
    'announcement/last',
    'announcement/list',
    'file/list',
  ]
  return [
    ...[owner, member, blocked].flatMap(as =>
      toldToMembers.map(path => get(as, `/group/${path}?group_id=${group_id}`)),
    ),
    ...[owner, member].map(as => get(as, `/group/blocked_list?group_id=${group_id}`)),
    ...[owner, member, kicked, former].map(as => get(as, '/group/user_joined')),
    ...[invitee, shy].flatMap(as => [get(as, '/group/invitation_list'), get(as, '/user/settings')]),
    ...[chatroom, dissolved].flatMap(group =>
      [owner, admin].map(as => get(as, `/group/info?group_id=${group.group_id}`)),
    ),
    get(owner, '/group/public_list'),
    get(member, `/group/announcement?group_id=${group_id}&announcement_id=${announcement.id}`),
    get(member, `/group/file?group_id=${group_id}&file_id=${shared.file_id}`),
    post(admin, 'application_list', { group_list: [group_id] }),
    post(admin, 'members/display_name', { user_list: [member, banned, blocked] }),
    ...[chat, avatar].flatMap(url =>
      [member, former].map(as => get(as, url.slice(environment.PUBLIC_URL.length))),
    ),

    post(admin, 'apply/handle', { user_id: applicant, approval: true }),
    post(invitee, 'invite/handle', { user_id: owner, approval: true }),
    post(kicked, 'apply', { reason: 'Again' }),
    post(admin, 'unban', { user_list: [banned] }),
    post(owner, 'unblock', { user_list: [blocked] }),
    post(admin, 'announcement/delete', { announcement_id: announcement.id }),
    get(member, `/group/announcement/last?group_id=${group_id}`),
    post(member, 'file/update_name', { file_id: shared.file_id, name: 'chapter-3.txt' }),
    post(owner, 'info/name', { value: 'Book club' }),
    post(owner, 'transfer', { new_owner: admin }),
    get(invitee, `/group/admin_list?group_id=${group_id}`),
    get(applicant, '/group/user_joined'),
    get(applicant, chat.slice(environment.PUBLIC_URL.length)),
    { as: admin, method: 'POST', path: '/group/destroy', body: { group_id: chatroom.group_id } },
  ]
}

/** The database as SQL, as SQLite's own .dump has it. */
function dump(file) {
  const database = new Database(file, { readonly: true })
  const items = database
    .prepare(
      "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type DESC, name",
    )
    .all()
  const lines = ['PRAGMA foreign_keys=OFF;', 'BEGIN TRANSACTION;']
  for (const { type, name, sql } of items) {
    lines.push(`${sql};`)
    if (type !== 'table') continue
    const columns = database.pragma(`table_info(${name})`).map(column => `quote("${column.name}")`)
    const rows = database
      .prepare(`SELECT ${columns.join(" || ',' || ")} FROM "${name}"`)
      .pluck()
      .all()
    lines.push(...rows.map(row => `INSERT INTO "${name}" VALUES(${row});`))
  }
  database.close()
  return `${[...lines, 'COMMIT;'].join('\n')}\n`
}

if (spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' }).status !== 0) process.exit(1)
cohort('app', 'create', 'demo', '--secret', environment.APP_SECRET)
// Ten years, so that what is pending in it stays so.
cohort('app', 'set', 'demo', 'application_minutes=5256000', 'invitation_minutes=5256000')
const server = spawn(process.execPath, ['dist/cohort.js', 'serve'], {
  env: environment,
  stdio: ['ignore', 'inherit', 'ignore'],
})
try {
  while (!(await fetch(`${service}/healthz`).catch(() => undefined))?.ok)
    await new Promise(resolve => setTimeout(resolve, 50))
  const calls = await tell()
  const backup = join(folder, 'backup.db')
  cohort('backup', backup, '--files')
  const lines = []
  for (const asked of calls) {
    const { code, data } = await call(asked)
    lines.push(`${JSON.stringify({ ...asked, code, data })}\n`)
  }
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  writeFileSync(join(target, 'database.sql'), dump(backup))
  writeFileSync(join(target, 'calls.ndjson'), lines.join(''))
  cpSync(`${backup}.files`, join(target, 'files'), { recursive: true })
} finally {
  server.kill('SIGTERM')
  await new Promise(resolve => server.once('exit', resolve))
  rmSync(folder, { recursive: true })
}
console.log(`${target} is made`)
