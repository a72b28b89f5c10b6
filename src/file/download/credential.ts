import { z } from 'zod'
import type { Exchange } from '../../http/exchange.ts'
import { type Refusal, refuse } from '../../operation/errors.ts'
import type { Caller } from '../../operation/operation.ts'
import { equalInConstantTime, sdkSign } from '../../operation/sign.ts'
import type { App } from '../../tenant/app.ts'
import { grantOf } from '../file-sign.ts'
import { avatarName } from '../objects.ts'

/** The credentials that may stand in the query, for documentation: an `<img>` element sends no headers. */
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

/** The token of a download, which may stand in the query; undefined without one. */
export function tokenOf(exchange: Exchange): string | undefined {
  const { query } = exchange
  const sent = exchange.header('access-token') ?? query['access-token'] ?? query.store_token ?? null
  return exchange.tokenOf(sent)
}

/** An administrator that acts as nobody: what a valid `sdk_sign` is worth, for the one file it signs. */
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

/** What stands before the name where the signature is made for files alone. */
const label = 'cohort-file:'

/**
 * Whether it is the app's signature of this name. The secret is that of tokens, whose signatures are made in the
 * same way: a server that signs whatever name it is asked for would sign a token. So nothing is taken but the names
 * that are handed out here, and servers had better sign the labelled form, which is no token's.
 */
function isSigned(app: App, name: string, signature: string): boolean {
  const isName = name.startsWith(`${app.app_id}/`) ? avatarName.test(name) : grantOf(app, name) !== undefined
  if (!isName) return false
  return app.secrets.some(({ secret }) =>
    [name, label + name].some(text => equalInConstantTime(sdkSign(secret, text), signature)),
  )
}
