import type { Log } from './platform.ts'

export const logLevels = ['silent', 'error', 'warn', 'info'] as const
export type LogLevel = (typeof logLevels)[number]

/** JSON lines, each written at once: for Workers, where nothing happens between requests. */
export function lineLog(level: LogLevel, write: (line: string) => void): Log {
  return levels(level, write)
}

/**
 * JSON lines, written by `write` in portions: a system call a request would cost more than the request's
 * query. `flush` writes what is left. Callers put nothing secret into a line: routes instead of URLs, ids
 * instead of tokens.
 */
export function jsonLog(level: LogLevel, write: (text: string) => void): Log & { flush(): void } {
  let pending = ''
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    if (pending !== '') write(pending)
    pending = ''
  }
  const append = (line: string) => {
    pending += `${line}\n`
    if (pending.length > 65_536) flush()
    else timer ??= setTimeout(flush, 50)
  }
  return { ...levels(level, append), flush }
}

function levels(level: LogLevel, write: (line: string) => void): Log {
  const limit = logLevels.indexOf(level)
  const at = (name: LogLevel) => {
    if (logLevels.indexOf(name) > limit) return () => {}
    // Put together by hand: copying the line into another object costs more than writing it.
    return (line: Readonly<Record<string, unknown>>) =>
      write(`{"time":${Date.now()},"level":"${name}",${JSON.stringify(line).slice(1)}`)
  }
  return { error: at('error'), warn: at('warn'), info: at('info') }
}
