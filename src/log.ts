import type { Log } from './platform.ts'

export const logLevels = ['silent', 'error', 'warn', 'info'] as const
export type LogLevel = (typeof logLevels)[number]

/**
 * JSON lines, written by `write` in portions: a system call a request would cost more than the request's query. `flush` writes what is left.
 * Callers put nothing secret into a line: routes instead of URLs, ids instead of tokens.
 */
export function jsonLog(level: LogLevel, write: (text: string) => void): Log & { flush(): void } {
  const limit = logLevels.indexOf(level)
  let pending = ''
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    if (pending !== '') write(pending)
    pending = ''
  }
  const at = (rank: number, name: string) => (line: Readonly<Record<string, unknown>>) => {
    if (rank > limit) return
    pending += `${JSON.stringify({ time: Date.now(), level: name, ...line })}\n`
    if (pending.length > 65_536) flush()
    else timer ??= setTimeout(flush, 50)
  }
  return { error: at(1, 'error'), warn: at(2, 'warn'), info: at(3, 'info'), flush }
}
