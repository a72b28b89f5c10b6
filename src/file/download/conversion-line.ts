import { HttpError } from '../../operation/errors.ts'
import { FairQueue, type Turn } from '../../operation/fair-queue.ts'

interface Entry {
  readonly turn: Turn
  /** Bytes of memory that the work needs. */
  readonly bytes: number
  /** Begins the work. undefined: it has begun already, or nobody wants it any more. */
  readonly begin: () => Promise<unknown> | undefined
}

export interface ConversionLine {
  /**
   * Waits in line and begins the work when its turn comes. The function that it answers leaves the line.
   * Throws `HttpError` 429 when this user has too many entries in line.
   */
  enter(entry: Entry): () => void
}

interface Bounds {
  /** How many works may run at the same time. */
  readonly atOnce: number
  /** The same of one app. It is less than `atOnce`, so that another app never waits for this one. */
  readonly ofApp: number
  /** How many entries of one user may wait. A page of a chat shows some dozens of pictures at once. */
  readonly waitingOfUser: number
  /** Bytes that all running works may need together. A work that needs more than that runs alone. */
  readonly bytes: number
}

/**
 * The line of those who wait for a conversion: apps and users take turns. A file is read only when its work
 * begins, so a long line costs no memory.
 */
export function conversionLine({ atOnce, ofApp, waitingOfUser, bytes }: Bounds): ConversionLine {
  const line = new FairQueue<Entry>()
  const ofApps = new Map<string, number>()
  let running = 0
  let held = 0

  const count = (entry: Entry, by: 1 | -1) => {
    const { app_id } = entry.turn
    const left = (ofApps.get(app_id) ?? 0) + by
    if (left > 0) ofApps.set(app_id, left)
    else ofApps.delete(app_id)
    running += by
    held += by * entry.bytes
  }
  const mayBegin = ({ app_id }: Turn, entry: Entry) =>
    (ofApps.get(app_id) ?? 0) < ofApp && (running === 0 || held + entry.bytes <= bytes)

  const next = () => {
    while (running < atOnce) {
      const entry = line.shift(mayBegin)
      if (entry === undefined) return
      const work = entry.begin()
      if (work === undefined) continue
      count(entry, 1)
      const end = () => {
        count(entry, -1)
        next()
      }
      work.then(end, end)
    }
  }

  return {
    enter(entry) {
      if (line.waitingOf(entry.turn) >= waitingOfUser) {
        const message = `at most ${waitingOfUser} conversions may wait: try again in a moment`
        throw new HttpError(429, message, { 'retry-after': '5' })
      }
      line.push(entry.turn, entry)
      next()
      return () => line.remove(entry.turn, entry)
    },
  }
}
