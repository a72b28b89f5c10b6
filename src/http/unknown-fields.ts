import type { z } from 'zod'
import { type Refusal, refuse } from '../operation/errors.ts'
import type { Exchange } from './exchange.ts'

/** How many unknown fields are told in the log, each once: clients in the field send some with every call. */
const maxTold = 1000
const told = new Set<string>()

/**
 * Fields of a body that the operation does not know: most often misspelt. They are told in the log, and with
 * `Prefer: handling=strict` (RFC 7240) or the app's `strict_fields` they are refused.
 */
export function checkFields(
  exchange: Exchange,
  path: string,
  { shape, def }: z.ZodObject,
  body: Readonly<Record<string, unknown>>,
  strict: boolean,
): Refusal | undefined {
  // What takes any field says so.
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
