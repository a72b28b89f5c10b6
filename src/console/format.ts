/* How figures and times are written for a person. */

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const number = new Intl.NumberFormat()
const units = ['B', 'kB', 'MB', 'GB', 'TB']

export const formatNumber = (value: number): string => number.format(value)

/** Milliseconds since 1970; '' for none. */
export const formatTime = (ms: number): string => (ms > 0 ? dateTime.format(ms) : '')

export function formatBytes(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1)
  const value = bytes / 1000 ** power
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`
}

/** The end of a ban: milliseconds, 0 none, -1 for ever. */
export const formatEnd = (until: number): string => (until === -1 ? 'for ever' : formatTime(until))

export function formatDuration(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes} min`
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} days`
}

export const groupType = (type: number): string =>
  ['private', 'public', 'chatroom', 'temporary'][type] ?? String(type)
export const roleName = (role: number): string => ['', 'member', 'admin', 'owner'][role] ?? String(role)
