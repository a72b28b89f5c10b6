// A small message server beside Cohort: Cohort knows who is in which group and who may post, this carries the
// messages. It learns of changes by a webhook, asks Cohort before it delivers, and keeps answers for as long
// as they stay true.
//
//   COHORT_URL=http://127.0.0.1:8787 APP_ID=demo APP_SECRET=… node examples/message-server/server.mjs

import { readFileSync } from 'node:fs'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { SignJWT } from 'jose'
import { WebSocketServer } from 'ws'
import { Cohort, webhooks } from '../../dist/client/client.js'

const { COHORT_URL = 'http://127.0.0.1:8787', APP_ID = 'demo', APP_SECRET, PORT = '8790' } = process.env
if (!APP_SECRET)
  throw new Error(
    'set APP_SECRET to the secret of the app: npm run --silent cohort -- app show demo --secrets',
  )
const key = new TextEncoder().encode(APP_SECRET)

/** Your own sign-in decides who somebody is; then your server signs a token for Cohort. */
const tokenOf = claims =>
  new SignJWT({ app: APP_ID, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(key)
const userToken = user => tokenOf({ role: 1, sub: String(user) })
const server = new Cohort({ url: COHORT_URL, app: APP_ID, token: () => tokenOf({ role: 2 }) })

/** Connections by user. */
const sockets = new Map()
const tell = (user, message) => {
  for (const socket of sockets.get(user) ?? []) socket.send(JSON.stringify(message))
}

/** Answers of Cohort, by group: forgotten when they may have changed. */
const checks = new Map()
async function mayPost(group_id, user_id) {
  const known = checks.get(group_id) ?? new Map()
  checks.set(group_id, known)
  const kept = known.get(user_id)
  if (kept !== undefined && Date.now() < kept.until) return kept.verdict
  const verdict = await server.authz.check({ group_id, user_id, action: 'post' })
  const until = verdict.ttl_ms < 0 ? Number.POSITIVE_INFINITY : Date.now() + verdict.ttl_ms
  known.set(user_id, { verdict, until })
  return verdict
}

async function recipientsOf(group_id) {
  const found = await server.authz.recipients({ group_id, for: 'message' })
  return found.recipients.map(([user_id]) => user_id)
}

async function post(user_id, { group_id, text }) {
  const { allowed, reason } = await mayPost(group_id, user_id)
  if (!allowed) return tell(user_id, { type: 'refused', group_id, reason })
  for (const to of await recipientsOf(group_id)) tell(to, { type: 'message', group_id, from: user_id, text })
}

const app = new Hono()
const page = readFileSync(new URL('page.html', import.meta.url), 'utf8')
app.get('/', context => context.html(page.replaceAll('{{cohort}}', COHORT_URL).replaceAll('{{app}}', APP_ID)))
const client = readFileSync(new URL('../../dist/client/client.js', import.meta.url))
app.get('/client.js', context => context.body(client, 200, { 'content-type': 'text/javascript' }))
app.get('/healthz', context => context.text('ok'))
// For the example anybody may be anybody.
app.get('/sign-in/:user', async context => context.text(await userToken(context.req.param('user'))))
app.post('/hook', async context => {
  const event = await webhooks.verify(context.req.raw, [secret]).catch(() => undefined)
  if (event === undefined) return context.text('not signed by Cohort', 400)
  const { group_id, notice } = event.data
  if (group_id) checks.delete(group_id)
  if (group_id && notice) {
    const members = await recipientsOf(group_id).catch(() => [])
    for (const to of new Set([...members, ...(notice.to ?? [])]))
      tell(to, { type: 'notice', group_id, notice })
  }
  return context.body(null, 204)
})

const listening = serve({ fetch: app.fetch, port: Number(PORT), hostname: '127.0.0.1' })
const { secret } = await server.webhooks.create({ url: `http://127.0.0.1:${PORT}/hook` })

new WebSocketServer({ server: listening, path: '/socket' }).on('connection', (socket, request) => {
  // A real server takes the user from its own session.
  const user = Number(new URL(request.url, 'http://x').searchParams.get('user'))
  sockets.set(user, new Set([...(sockets.get(user) ?? []), socket]))
  socket.on('message', data => {
    post(user, JSON.parse(String(data))).catch(error =>
      tell(user, { type: 'refused', reason: error.message }),
    )
  })
  socket.on('close', () => sockets.get(user)?.delete(socket))
})
console.log(`message server: http://127.0.0.1:${PORT}`)
