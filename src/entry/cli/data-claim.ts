import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../config.ts'
import { DatabaseError, type SerialEngine } from '../../db/engine.ts'
import type { Runtime } from '../runtime.ts'
import { CommandFailure } from './command-failure.ts'

const claimFile = ({ DATA_DIR }: Pick<Config, 'DATA_DIR'>): string => join(DATA_DIR, 'cohort.pid')

/**
 * Writes the id of this process into DATA_DIR, until `release` is called, unless the id of another running
 * service is there: with SHARED, that one keeps its claim. Throws `CommandFailure` if another
 * service uses DATA_DIR, unless SHARED allows that. On a full disk nothing is written, but the service runs
 * all the same. That is safe because `cohort restore` also asks SQLite whether the database is in use.
 */
export function claimData(
  runtime: Pick<Runtime, 'openDatabase'>,
  config: Pick<Config, 'DATA_DIR' | 'SHARED'>,
): { release(): void } {
  const lock = config.SHARED ? undefined : lockData(runtime, config)
  const file = claimFile(config)
  try {
    if (lock !== undefined || servedBy(config) === undefined) writeFileSync(file, `${process.pid}\n`)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  }
  return {
    release() {
      if (claimedBy(file) === process.pid) rmSync(file, { force: true })
      lock?.close()
    },
  }
}

/**
 * Locks an empty database beside Cohort's own, for as long as this process lives. The operating system
 * releases the lock however the process ends. A service in another container on the same folder sees the lock
 * too.
 */
function lockData(
  runtime: Pick<Runtime, 'openDatabase'>,
  { DATA_DIR }: Pick<Config, 'DATA_DIR'>,
): SerialEngine | undefined {
  try {
    const engine = runtime.openDatabase(join(DATA_DIR, 'cohort.lock'))
    engine.exec('PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE')
    engine.exec('BEGIN EXCLUSIVE')
    return engine
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    if (!/lock|busy/i.test(error.message)) return undefined
    throw new CommandFailure(
      `another service runs on ${DATA_DIR}: stop it first, give this one another DATA_DIR, or set SHARED=true for both`,
    )
  }
}

/**
 * The id of the process that serves DATA_DIR, if there is one. A process that died without `release` does not
 * count. The id of this process does not count either, because a service in another container may have the
 * same id. So this can miss a service; `cohort restore` therefore also asks SQLite whether the database is in
 * use.
 */
export function servedBy(config: Pick<Config, 'DATA_DIR'>): number | undefined {
  const pid = claimedBy(claimFile(config))
  return pid !== undefined && pid !== process.pid && isAlive(pid) ? pid : undefined
}

function claimedBy(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    return Number.isInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: the process exists, but belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
