import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../../../platform.ts'
import { copiedPosition, litestreamFigures } from './litestream-position.ts'
import { ReplicaAge } from './replica-age.ts'

/** How often Litestream is asked, milliseconds. The age of the replica is at least twice that. */
const lookMs = 500
/**
 * Litestream says nothing about uploads until there was one. So if nothing changes for this long, a small
 * change is made, milliseconds.
 */
const quietMs = 10_000
/** A replica that is older is a line in the log, milliseconds. */
const lateMs = 60_000

export interface ReplicaWatch {
  /** Everything committed before this moment is in the replica, milliseconds since 1970. */
  replicatedAt(): number
  stop(): Promise<void>
}

/**
 * Watches how far Litestream is with the database. `makeChange` makes a change that changes nothing. The log
 * tells when the replica falls behind, and when it has caught up.
 */
export function watchReplica(
  url: string,
  databaseFile: string,
  log: Log,
  makeChange: () => Promise<unknown>,
): ReplicaWatch {
  const age = new ReplicaAge(Date.now())
  const stopping = new AbortController()
  let lastChange = 0
  let isLate = false
  let trouble = ''

  const look = async (): Promise<void> => {
    const at = Date.now()
    try {
      const figures = await litestreamFigures(url, databaseFile)
      age.add({ at, ...figures, copied: await copiedPosition(databaseFile) })
      trouble = ''
    } catch (error) {
      trouble = error instanceof Error ? error.message : String(error)
    }
    const now = Date.now()
    const behindMs = now - age.replicatedAt
    if (trouble === '' && behindMs > quietMs && now - lastChange > quietMs) {
      lastChange = now
      await makeChange().catch(() => undefined)
    }
    if (behindMs > lateMs === isLate) return
    isLate = !isLate
    const line = { event: 'replica', behind_s: Math.round(behindMs / 1000) }
    if (isLate) log.error({ ...line, error: trouble || 'Litestream runs, but does not upload: see its log' })
    else log.info(line)
  }
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await look()
      await sleep(lookMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
    }
  }
  const running = run()
  return {
    replicatedAt: () => age.replicatedAt,
    async stop() {
      stopping.abort()
      await running
    },
  }
}
