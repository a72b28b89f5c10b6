import { type Refusal, refuse } from '../operation/errors.ts'
import { claimsOf } from '../tenant/token-verifier.ts'

type Header = (name: string) => string | null

/**
 * A header whose name has an underscore, or else its spelling with a hyphen. By default nginx drops headers
 * with underscores.
 */
export const underscored = (header: Header, name: 'app_id' | 'user_id' | 'group_id'): string | null =>
  header(name) ?? header(name.replace('_', '-'))

/**
 * The id of the app that a request names. It is in the header, else in the query if the route reads it there,
 * else in the token's claim, because a proxy may have dropped the header. An administrator's request must
 * name the app itself. If a proxy dropped its headers, it would also have lost the acting headers and would
 * act with more rights than it meant.
 */
export function namedApp(header: Header, token: string | undefined, inQuery?: string): string | Refusal {
  const named = underscored(header, 'app_id') ?? inQuery
  if (named !== undefined && named !== '') return named
  const claims = named === undefined && token !== undefined ? claimsOf(token) : {}
  if (claims === undefined) return refuse('token_invalid')
  if (claims.role === 1 && typeof claims.app === 'string' && claims.app !== '') return claims.app
  return refuse(
    'app_not_found',
    'app_id is missing: send it as a header (app-id is read too: proxies such as nginx drop names with an underscore)',
  )
}
