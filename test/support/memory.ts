import { readdirSync, readFileSync } from 'node:fs'

/**
 * The memory that a service and all its children take at present, bytes. A page that they share counts once.
 * They share the service's environment. Linux only.
 */
function bytesTaken(url: string): number {
  const port = `\0PORT=${new URL(url).port}\0`
  let sum = 0
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    if (`\0${read(`/proc/${pid}/environ`)}`.includes(port))
      sum += Number(/^Pss: +(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024
  }
  return sum
}

/** A process that has ended meanwhile takes nothing. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** The most memory above that at the start which a service took at any time while `work` ran, bytes. */
export async function peakAboveIdle(url: string, work: () => Promise<unknown>): Promise<number> {
  const idle = bytesTaken(url)
  let peak = idle
  const watch = setInterval(() => {
    peak = Math.max(peak, bytesTaken(url))
  }, 25)
  try {
    await work()
  } finally {
    clearInterval(watch)
  }
  return peak - idle
}
