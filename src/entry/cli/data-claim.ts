import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../config.ts'
import { DatabaseError, type SerialEngine } from '../../db/engine.ts'
import type { Runtime } from '../runtime.ts'
import { CommandFailure } from './command-failure.ts'

const claimFile = ({ DATA_DIR }: Pick<Config, 'DATA_DIR'>): string => join(DATA_DIR, 'cohort.pid')

/**
 * Notes in DATA_DIR that this process serves it, until released. Throws `CommandFailure` if another service
 * does, unless SHARED says that it may. A disk that is full takes no note, and what is stored is served all
 * the same: restoring asks SQLite besides.
 */
export function claimData(
  runtime: Pick<Runtime, 'openDatabase'>,
  config: Pick<Config, 'DATA_DIR' | 'SHARED'>,
): { release(): void } {
  const lock = config.SHARED ? undefined : lockData(runtime, config)
  const file = claimFile(config)
  try {
    writeFileSync(file, `${process.pid}\n`)
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
 * An empty database beside ours, locked as long as this process lives: the system lets go of the lock whatever
 * ends the process, and another container on the same folder sees it, too.
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
 * The process that serves DATA_DIR, if one does. A process that died without releasing does not count; nor
 * does this one, whose number a service in another container may share: restoring asks SQLite besides.
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
    // Somebody else's process may not be asked, but is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
