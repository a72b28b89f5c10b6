import * as z from 'zod'
import type { Exchange } from '../../http/exchange.ts'
import { type Refusal, refuse } from '../../operation/errors.ts'
import type { Caller } from '../../operation/operation.ts'
import { equalInConstantTime, sdkSign } from '../../operation/sign.ts'
import type { App } from '../../tenant/app.ts'
import { grantOf } from '../file-sign.ts'
import { avatarName } from '../objects.ts'

/** Credentials that may stand in the query, for the documentation: an `<img>` element sends no headers. */
export const credentials = {
  'access-token': z.string().optional().describe('instead of the header: an img element sends none'),
  app_id: z.string().optional().describe('instead of the header'),
  store_token: z.string().optional().describe('a token that is good for files only'),
  sdk_sign: z
    .string()
    .optional()
    .describe(
      "hex HMAC-SHA-256 of `cohort-file:` and the file's name, or of the name alone, under the app's secret",
    ),
}

/** The token of a download. It may stand in the query. undefined: none was sent. */
export function tokenOf(exchange: Exchange): string | undefined {
  const { query } = exchange
  const sent = exchange.header('access-token') ?? query['access-token'] ?? query.store_token ?? null
  return exchange.tokenOf(sent)
}

/**
 * A valid `sdk_sign` lets its sender act as an administrator who acts as nobody, for the one file that it
 * signs.
 */
const signedFor: Caller = { administrator: true, user_id: null, only_group: null }

/**
 * Who downloads: by `access-token` (header or query, since `<img>` sends no headers), by `store_token`, or by
 * `sdk_sign`, the hex HMAC-SHA-256 of the file's name under one of the app's secrets.
 */
export function readerOf(
  exchange: Exchange,
  app: App,
  name: string,
): Caller | Refusal | Promise<Caller | Refusal> {
  const { query } = exchange
  const token = tokenOf(exchange)
  const signature = query.sdk_sign
  if (token !== undefined || signature === undefined || signature === '')
    return exchange.callerOf(app, token ?? null, true)
  return exchange.server(app, isSigned(app, name, signature.toLowerCase()))
    ? signedFor
    : refuse('file_sign_invalid', 'sdk_sign is invalid')
}

/** The prefix of the labelled form: a signature over this prefix and the name is good for files only. */
const label = 'cohort-file:'

/**
 * Whether `signature` is the app's signature of this file's name. The app's secret also signs tokens, in the
 * same way: a server that signs every name it is asked for would sign a token, too. So only names that this
 * service itself hands out are accepted. Servers should sign the labelled form, because no token looks like
 * it.
 */
function isSigned(app: App, name: string, signature: string): boolean {
  const isName = name.startsWith(`${app.app_id}/`) ? avatarName.test(name) : grantOf(app, name) !== undefined
  if (!isName) return false
  return app.secrets.some(({ secret }) =>
    [name, label + name].some(text => equalInConstantTime(sdkSign(secret, text), signature)),
  )
}
