import { existsSync, readFileSync } from 'node:fs'
import type { Config } from '../../../config.ts'
import type { Premises } from '../../../http/service.ts'
import type { Metrics } from '../../../metrics.ts'
import { mirrorNote } from '../mirror/mirrored-at.ts'

/** Up to when each copy of the data has everything, milliseconds since 1970. undefined: there is none. */
export interface Copies {
  readonly replica: (() => number) | undefined
  readonly backup: (() => number) | undefined
}

const helps = {
  replica: 'Everything older is in the replica that Litestream makes',
  mirror: 'Every file that was stored before is in the mirror',
  backup: 'Time since the newest backup of the database, or since the start if there is none',
} as const

/**
 * Adds the ages of the copies to /metrics, for each kind of copy that this service is set up for. Answers
 * those that `/operator/health` watches.
 */
export function addCopyAges(
  { figures }: Metrics,
  config: Pick<Config, 'DATA_DIR' | 'OFFSITE_TO' | 'files'>,
  copies: Copies,
): NonNullable<Premises['copies']> {
  const started = Date.now()
  const note = mirrorNote(config)
  const mirror = (): number => {
    const at = existsSync(note) ? Number(readFileSync(note, 'utf8')) : Number.NaN
    return Number.isFinite(at) && at > 0 ? at : started
  }
  const hasMirror = config.files.store === 'folder' && (config.OFFSITE_TO !== undefined || existsSync(note))
  const kept = { ...copies, mirror: hasMirror ? mirror : undefined }
  const secondsOf = (savedAt: () => number) => () => Math.max(0, (Date.now() - savedAt()) / 1000)
  for (const kind of ['replica', 'mirror', 'backup'] as const) {
    const savedAt = kept[kind]
    if (savedAt === undefined) continue
    figures.push({
      name: `cohort_${kind}_age_seconds`,
      type: 'gauge',
      help: helps[kind],
      value: secondsOf(savedAt),
    })
  }
  return () => ({ replica: kept.replica?.(), mirror: kept.mirror?.() })
}
