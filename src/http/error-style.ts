import type { ErrorName } from '../operation/errors.ts'

/**
 * How errors of the API are answered (docs/behaviour.md, section 1). `envelope`: HTTP 200 with a code of
 * ours, as existing clients of the operations expect. `status`: the HTTP status tells the error, too. Routes
 * use it that answer bytes or that general HTTP clients call.
 */
export type ErrorStyle = 'envelope' | 'status'

/** The HTTP status of each refusal in the style `status`; 403 for those that are not named here. */
export const statuses: Partial<Record<ErrorName, number>> = {
  token_expired: 401,
  invalid_parameter: 400,
  token_missing: 401,
  token_invalid: 401,
  storage_failed: 422,
  database_failed: 503,
  file_sign_expired: 410,
  file_unscanned: 409,
  group_not_found: 404,
  shared_file_not_found: 404,
  app_not_found: 401,
}

/** Statuses after which a client should try again soon: they are sent with Retry-After. */
export const retried: ReadonlySet<number> = new Set([409, 503])
