/*
 * What is another at every run stands in the examples as something that never changes: addresses, ids, times,
 * signatures, and what a machine measured.
 */

/** Monday, 4 January 2027, 9:00 UTC. */
const start = Date.UTC(2027, 0, 4, 9)
/** A run takes less. So what happens during it has the same time, and what expires later another one. */
const roundingMs = 5 * 60_000

/** Gives each text that it is asked for a name of its own, in the order in which they come. */
function numbered(name: (n: number) => string): (text: string) => string {
  const names = new Map<string, string>()
  return text => {
    const given = names.get(text) ?? name(names.size + 1)
    names.set(text, given)
    return given
  }
}

/** What was measured, by the name of its field. */
const measuredAt = (startedAt: number): Readonly<Record<string, unknown>> => ({
  acked: 'abc123.45',
  browser: 'Firefox on Linux',
  bytes: 282_624,
  figures: { cohort_requests_total: 105, cohort_commits_total: 68, cohort_event_streams: 0 },
  free: 50_000_000_000,
  lag: 1,
  last_ms: 2,
  last_report: {},
  last_run_at: startedAt,
  last_success_at: startedAt,
  ms: 6,
})

/** The same text for every run of the same story. `startedAt`: when it began, milliseconds since 1970. */
export function steadied(
  recorded: unknown,
  addresses: Readonly<Record<string, string>>,
  startedAt: number,
): string {
  const time = (ms: number) => start + Math.round((ms - startedAt) / roundingMs) * roundingMs
  const id = numbered(n => String(375_600_000_000_000 + n))
  const object = numbered(n => `3p53r${String(n).padStart(5, '0')}`)
  const key = numbered(n => `key${String(n).padStart(5, '0')}`)
  const token = numbered(n => `eyJhbGciOiJIUzI1NiJ9.eyJleGFtcGxlIjo${n}fQ.${'x'.repeat(43)}`)
  const measured = measuredAt(startedAt)
  const masked = (key: string, value: unknown): unknown => {
    // `total` is of a list or, where it is large, of a disk; `version` is of a group or, as text, of the
    // program.
    if (key === 'total' && Number(value) > 1e9) return 100_000_000_000
    if (key === 'version' && typeof value === 'string') return '1.0.0'
    return key in measured ? measured[key] : value
  }
  const text = Object.entries(addresses).reduce(
    (json, [from, to]) => json.replaceAll(from, to),
    JSON.stringify(recorded, masked),
  )
  return text
    .replace(/eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/g, token)
    .replace(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, text => new Date(time(Date.parse(text))).toISOString())
    .replace(/cohort-\d{8}T\d{9}Z\.db/g, 'cohort-20270104T090000000Z.db')
    .replace(/\b[3-9]\d{14}\b/g, id)
    .replace(/\b1[789]\d{11}\b/g, ms => String(time(Number(ms))))
    .replace(/\b1[789]\d{8}\b/g, seconds => String(time(Number(seconds) * 1000) / 1000))
    .replace(/(?<=(?:avatar|chat)(?:\/|%2F)|wh_)[0-9a-z]{10}\b/g, object)
    .replace(
      /(?<=[.~])[\w-]{8}\.[\w-]{22}(?=["~&\\])/g,
      signed => `${key(signed.slice(0, 8))}.${'x'.repeat(22)}`,
    )
    .replace(/(?<="(?:kid|key_id)\\?":\\?")[\w-]{8}(?=\\?")/g, key)
    .replace(/(?<="secret":")[\w-]{43}(?=")/g, 'a-secret-of-43-characters-that-is-shown-once')
    .replace(/whsec_[\w+/]+=*/g, 'whsec_YS1zZWNyZXQtdGhhdC1pcy1zaG93bi1vbmNl')
    .replace(/(?<![0-9a-z])[0-9a-f]{6}(?=[._]\d+["\\])/g, 'abc123')
    .replace(/(?<="request\\?":\\?")[0-9a-f]{8}-[0-9a-z]+/g, '69b6bb34-2')
    .replace(/(?<=cohort_requests_total\{[^}]*\} )\d+/g, '42')
}
