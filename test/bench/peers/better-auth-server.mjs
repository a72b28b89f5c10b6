// better-auth with its organizations and a database of better-sqlite3 that syncs every commit, and so many
// organizations of so many members. What the benchmark has to know about them goes to the file WORLD.
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import { organization } from 'better-auth/plugins'
import Database from 'better-sqlite3'

const { PORT, DATABASE, WORLD, GROUPS, MEMBERS, STRANGERS } = process.env
const db = new Database(DATABASE)
for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'cache_size = -65536']) db.pragma(pragma)
const auth = betterAuth({
  database: db,
  baseURL: `http://127.0.0.1:${PORT}`,
  secret: 'Zr4tQ9wXm2Kp7LsVb8Nc3HdYf6GjTa1EuRo5',
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  // A signed cookie says who calls, without a look at the database.
  session: { cookieCache: { enabled: true, maxAge: 3600 } },
  plugins: [organization({ membershipLimit: 1_000_000, organizationLimit: 1_000_000 })],
})
await (await getMigrations(auth.options)).runMigrations()

const now = new Date().toISOString()
const user = db.prepare('INSERT INTO user VALUES (?, ?, ?, 1, NULL, ?, ?)')
const member = db.prepare('INSERT INTO member VALUES (?, ?, ?, ?, ?)')
const addUser = id => user.run(id, `User ${id}`, `${id}@example.org`, now, now)
const groups = []
for (let g = 0; g < Number(GROUPS); g++) {
  const signedUp = await auth.api.signUpEmail({
    body: { email: `owner${g}@example.org`, password: 'a password of the benchmark', name: `Owner ${g}` },
    asResponse: true,
  })
  const cookie = signedUp.headers
    .getSetCookie()
    .map(text => text.split(';')[0])
    .join('; ')
  const made = await auth.api.createOrganization({
    body: { name: `Group ${g}`, slug: `group-${g}` },
    headers: new Headers({ cookie }),
  })
  db.transaction(() => {
    for (let m = 1; m < Number(MEMBERS); m++) {
      addUser(`u-${g}-${m}`)
      member.run(`m-${g}-${m}`, made.id, `u-${g}-${m}`, 'member', now)
    }
  })()
  groups.push({ id: made.id, cookie })
}
db.transaction(() => {
  for (let n = 0; n < Number(STRANGERS); n++) addUser(`stranger-${n}`)
})()
db.exec('ANALYZE')
writeFileSync(WORLD, JSON.stringify(groups))

const handler = toNodeHandler(auth)

/** Adding a member without an invitation is a function of the server; this is the route that calls it. */
async function addMember(request, response) {
  let text = ''
  for await (const chunk of request) text += chunk
  try {
    const session = await auth.api.getSession({ headers: new Headers({ cookie: request.headers.cookie }) })
    if (session === null) throw new Error('no session')
    const body = { ...JSON.parse(text), role: 'member' }
    const added = await auth.api.addMember({ body })
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(added))
  } catch (error) {
    response.writeHead(500).end(String(error))
  }
}

createServer((request, response) =>
  request.url === '/add-member' ? addMember(request, response) : handler(request, response),
).listen(Number(PORT), '127.0.0.1', () => process.stderr.write('ready\n'))
process.on('SIGTERM', () => process.exit(0))
