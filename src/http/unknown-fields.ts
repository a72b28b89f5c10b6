import type * as z from 'zod'
import { type Refusal, refuse } from '../operation/errors.ts'
import type { Exchange } from './exchange.ts'

/** How many unknown fields are logged, each once. Clients in the field send some with every call. */
const maxTold = 1000
const told = new Set<string>()

/**
 * Checks a body for fields that the operation does not know, which are mostly misspelt ones. They are logged.
 * They are refused with `Prefer: handling=strict` (RFC 7240), or with the app's setting `strict_fields`.
 */
export function checkFields(
  exchange: Exchange,
  path: string,
  { shape, def }: z.ZodObject,
  body: Readonly<Record<string, unknown>>,
  strict: boolean,
): Refusal | undefined {
  // A schema with `catchall` takes any field.
  if (def.catchall !== undefined) return undefined
  const unknown = Object.keys(body).filter(name => !(name in shape))
  const [first] = unknown
  if (first === undefined) return undefined
  if (strict || /\bhandling=strict\b/i.test(exchange.header('prefer') ?? '')) {
    const known = Object.keys(shape).filter(name => name !== 'version')
    return refuse(
      'invalid_parameter',
      `${first.slice(0, 64)} is no parameter of ${path}: it takes ${known.join(', ') || 'none'}`,
    )
  }
  for (const name of unknown) {
    const key = `${path} ${name.slice(0, 64)}`
    if (told.has(key) || told.size >= maxTold) continue
    told.add(key)
    exchange.service.log.warn({
      event: 'unknown field',
      route: path,
      field: name.slice(0, 64),
      id: exchange.requestId,
    })
  }
  return undefined
}
