import { authenticate, type Exchange } from '../../http/handler.ts'
import type { Service } from '../../http/service.ts'
import { type Refusal, refuse } from '../../operation/errors.ts'
import type { Caller } from '../../operation/operation.ts'
import { equalInConstantTime, sdkSign } from '../../operation/sign.ts'
import type { App } from '../../tenant/app.ts'

/** An administrator that acts as nobody: what a valid `sdk_sign` is worth, for the one file it signs. */
const signedFor: Caller = { administrator: true, user_id: null, only_group: null }

/**
 * Who downloads: by `access-token` (header or query, since `<img>` sends no headers), by `store_token`, or by
 * `sdk_sign`, the hex HMAC-SHA-256 of the file's name under one of the app's secrets.
 */
export function readerOf(
  service: Service,
  exchange: Exchange,
  app: App,
  name: string,
): Caller | Refusal | Promise<Caller | Refusal> {
  const query = exchange.context.req.query()
  const { headers } = exchange.request
  const token = headers.get('access-token') ?? query['access-token'] ?? query.store_token
  if (token !== undefined && token !== '') return authenticate(service, exchange, app, token, true)
  const signature = query.sdk_sign
  if (signature === undefined || signature === '') return authenticate(service, exchange, app, null, true)
  const valid = app.secrets.some(({ secret }) =>
    equalInConstantTime(sdkSign(secret, name), signature.toLowerCase()),
  )
  return valid ? signedFor : refuse('file_sign_invalid', 'sdk_sign is invalid')
}
