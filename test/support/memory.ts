import { readdirSync, readFileSync } from 'node:fs'

const PAGE_BYTES = 4096

/** The memory that a service and all its children take at present, bytes. They share its environment. Linux only. */
function residentBytes(url: string): number {
  const port = `\0PORT=${new URL(url).port}\0`
  let sum = 0
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    if (`\0${read(`/proc/${pid}/environ`)}`.includes(port))
      sum += Number(read(`/proc/${pid}/statm`).split(' ')[1] ?? 0) * PAGE_BYTES
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
  const idle = residentBytes(url)
  let peak = idle
  const watch = setInterval(() => {
    peak = Math.max(peak, residentBytes(url))
  }, 25)
  try {
    await work()
  } finally {
    clearInterval(watch)
  }
  return peak - idle
}
