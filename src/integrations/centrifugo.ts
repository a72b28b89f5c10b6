import * as z from 'zod'
import { standingsOf } from '../authz/check.ts'
import { type Action, judge } from '../authz/verdict.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Access, Route } from '../http/route.ts'
import { Refusal, refuse } from '../operation/errors.ts'
import { id } from '../operation/fields.ts'

/*
 * Centrifugo's proxies ask in their own JSON whether a user may subscribe or publish
 * (https://centrifugal.dev/docs/server/proxy). Their static HTTP headers must carry `app_id` and
 * `access-token`.
 */

/** Centrifugo's error code for "permission denied". */
const permissionDenied = 103

const proxyRequest = z.object({
  user: id.describe('the user id'),
  channel: z
    .string({ error: 'must be a string' })
    .max(255, { error: 'must be at most 255 characters' })
    .describe('ends in the id of a group: `group:7`, `chat:room:7` or `7`'),
})

const proxyAnswer = z.union([
  z.object({ result: z.object({}) }),
  z.object({ error: z.object({ code: z.int(), message: z.string() }) }),
])

const groupOf = (channel: string): number | undefined =>
  id.safeParse(/(?:^|[:_.#/-])([1-9]\d{0,15})$/.exec(channel)?.[1]).data

const route = (verb: 'subscribe' | 'publish', action: Action, title: string): Route => ({
  id: `post__integrations_centrifugo_${verb}`,
  methods: ['POST'],
  path: `/integrations/centrifugo/${verb}`,
  title,
  description: `Takes the JSON of Centrifugo's ${verb} proxy and answers in its form. The rule is \`${action}\` of /authz/check.`,
  tag: 'authz',
  who: 'administrator',
  query: z.object({}),
  takes: { POST: { 'application/json': proxyRequest } },
  answers: {
    200: {
      description: 'Yes, or the error 103 of Centrifugo with the reason',
      content: { 'application/json': proxyAnswer },
    },
    400: { description: '10002: user or channel is wrong' },
  },
  handle: (exchange, access) => answer(exchange, access, action),
})

async function answer(exchange: Exchange, { app }: Access, action: Action): Promise<Response | Refusal> {
  const sent = await exchange.input(proxyRequest)
  if (sent instanceof Refusal) return sent
  const group_id = groupOf(sent.channel)
  if (group_id === undefined) return refuse('invalid_parameter', 'channel must end in the id of a group')
  const executor = exchange.service.executorFor(app.app_id)
  const [standing] = await executor.read(standingsOf(app.app_id, [[group_id, sent.user, action]]))
  if (standing === undefined) return refuse('database_failed')
  const { allowed, reason } = judge(action, standing, exchange.service.clock())
  const body = allowed ? { result: {} } : { error: { code: permissionDenied, message: reason } }
  return exchange.text(JSON.stringify(body), 'application/json')
}

export const centrifugoSubscribe = route('subscribe', 'read', 'May this user subscribe to this channel?')
export const centrifugoPublish = route('publish', 'post', 'May this user publish in this channel?')
