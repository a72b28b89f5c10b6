import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../config.ts'

const claimFile = ({ DATA_DIR }: Pick<Config, 'DATA_DIR'>): string => join(DATA_DIR, 'cohort.pid')

/**
 * Notes in DATA_DIR that this process serves it, until released. A disk that is full takes no note, and what is
 * stored is served all the same: restoring asks SQLite besides.
 */
export function claimData(config: Pick<Config, 'DATA_DIR'>): { release(): void } {
  const file = claimFile(config)
  try {
    writeFileSync(file, `${process.pid}\n`)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  }
  return {
    release() {
      if (claimedBy(file) === process.pid) rmSync(file, { force: true })
    },
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
