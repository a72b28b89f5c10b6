import { statSync } from 'node:fs'
import type { Config } from '../../config.ts'
import type { Log } from '../../platform.ts'
import { databaseFile } from './data.ts'

/**
 * Makes every new file of this program readable by its own user only, whatever umask the program was started
 * with.
 */
export const keepToOurselves = (): void => void process.umask(0o077)

/**
 * Warns if other users of this machine can read DATA_DIR or the database, which hold secrets, files of
 * messages and keys of tokens. This happens when somebody else or an older version made them.
 */
export function warnOfReaders(config: Config, log: Log): void {
  // Windows has no permission bits.
  if (process.platform === 'win32') return
  // A proxy that sends the files goes through the folder, and reads nothing in it.
  const folder = config.SENDFILE === undefined ? '700' : '710'
  for (const [path, mode] of [
    [config.DATA_DIR, folder],
    [databaseFile(config), '600'],
  ] as const) {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined || (found.mode & 0o077 & ~Number.parseInt(mode, 8)) === 0) continue
    log.warn({
      event: 'permissions',
      path,
      mode: (found.mode & 0o777).toString(8),
      message: `others on this machine can read or change it, and its secrets with it: chmod ${mode} ${path}`,
    })
  }
}
