import { statSync } from 'node:fs'
import type { Config } from '../../config.ts'
import type { Log } from '../../platform.ts'
import { databaseFile } from './data.ts'

/** What this program makes is for its own user, whatever the umask that it was started with. */
export const keepToOurselves = (): void => void process.umask(0o077)

/**
 * Warns of a DATA_DIR or a database that others on this machine can read: secrets, messages' files and tokens' keys
 * are in it. Both were made by somebody else, or by an older version.
 */
export function warnOfReaders(config: Config, log: Log): void {
  // Windows has no such bits.
  if (process.platform === 'win32') return
  for (const [path, mode] of [
    [config.DATA_DIR, '700'],
    [databaseFile(config), '600'],
  ] as const) {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined || (found.mode & 0o077) === 0) continue
    log.warn({
      event: 'permissions',
      path,
      mode: (found.mode & 0o777).toString(8),
      message: `others on this machine can read or change it, and its secrets with it: chmod ${mode} ${path}`,
    })
  }
}
