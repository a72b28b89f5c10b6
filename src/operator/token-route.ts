import * as z from 'zod'
import { enveloped, type Route } from '../http/route.ts'
import { Refusal, refuse } from '../operation/errors.ts'
import { boolean, id, integer } from '../operation/fields.ts'
import { signToken } from '../tenant/sign-token.ts'
import { appId } from './apps.ts'

const wanted = z.object({
  app_id: appId,
  user_id: id.optional().describe('whose token; without it, an administrator token'),
  files_only: boolean.default(false).describe('a store_token: good for files only'),
  ttl_seconds: integer(1, 365 * 24 * 3600)
    .default(3600)
    .describe('how long it is good, seconds'),
})

export const appToken: Route = {
  id: 'post__operator_app_token',
  methods: ['POST'],
  path: '/operator/app/token',
  title: 'Sign a token of an app',
  description: "As the app's own server would, with its newest secret.",
  tag: 'operator',
  who: 'operator',
  query: z.object({}),
  takes: { POST: { 'application/json': wanted } },
  answers: {
    200: {
      description: 'The token',
      content: {
        'application/json': enveloped(
          z.object({ token: z.string(), expires_at: z.int().describe('milliseconds') }),
        ),
      },
    },
    400: { description: '10002: a parameter is missing or wrong' },
    404: { description: '40000: there is no such app' },
  },
  async handle(exchange) {
    const input = await exchange.input(wanted)
    if (input instanceof Refusal) return input
    const { app_id, user_id, files_only, ttl_seconds } = input
    const app = await exchange.appNamed(app_id)
    if (app instanceof Refusal) return refuse(app.name, app.message, 404)
    const [secret] = app.secrets
    if (app.jwks_url !== '' || secret === undefined)
      return refuse('invalid_parameter', `the tokens of this app are signed by the keys of ${app.jwks_url}`)
    if (files_only && user_id === undefined)
      return refuse('invalid_parameter', 'files_only goes with user_id')
    const issuedAt = exchange.service.clock()
    const ttl = ttl_seconds * 1000
    const subject = user_id === undefined ? 'administrator' : { user_id, filesOnly: files_only }
    const token = await signToken({ app_id, secret: secret.secret, subject, issuedAt, ttl })
    return exchange.ok({ token, expires_at: issuedAt + ttl })
  },
}
