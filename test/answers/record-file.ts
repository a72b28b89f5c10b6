import type { Recorded } from './story/teller.ts'

/** A line of a record: a request with its answer, or the turn of a day, when the service starts again. */
export type Line = Recorded | { readonly turn: true }

type HeaderValues = Readonly<Record<string, string>>

/**
 * The record as text, a line each. The first line has the headers that most answers have; the others say only
 * in what theirs differ, with null for one that they lack.
 */
export function recordOf(lines: readonly Line[]): string {
  const usual = mostFrequent(
    lines.flatMap(line => ('turn' in line ? [] : [JSON.stringify(line.answered.headers)])),
  )
  const usualHeaders: HeaderValues = JSON.parse(usual)
  const texts = lines.map(line => {
    if ('turn' in line) return JSON.stringify(line)
    const { answered, ...asked } = line
    const headers = difference(usualHeaders, answered.headers)
    const { status, body } = answered
    const told = {
      ...(status !== 200 && { status }),
      ...(Object.keys(headers).length > 0 && { headers }),
      body,
    }
    return JSON.stringify({ ...asked, answered: told })
  })
  return `${[JSON.stringify({ usual: usualHeaders }), ...texts].join('\n')}\n`
}

/** The lines of such a text. */
export function linesOf(text: string): Line[] {
  const [first = '', ...rest] = text.trimEnd().split('\n')
  const { usual }: { usual: HeaderValues } = JSON.parse(first)
  return rest.map(line => {
    const parsed = JSON.parse(line)
    if ('turn' in parsed) return parsed
    const { status = 200, headers = {}, body } = parsed.answered
    const whole = Object.entries({ ...usual, ...headers }).filter(([, value]) => value !== null)
    return { ...parsed, answered: { status, headers: Object.fromEntries(whole), body } }
  })
}

function mostFrequent(texts: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), ['{}', 0])[0]
}

function difference(usual: HeaderValues, headers: HeaderValues): Record<string, string | null> {
  const names = new Set([...Object.keys(usual), ...Object.keys(headers)])
  return Object.fromEntries(
    [...names].flatMap(name => (usual[name] === headers[name] ? [] : [[name, headers[name] ?? null]])),
  )
}
