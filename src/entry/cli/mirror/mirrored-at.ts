import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../../config.ts'

/** The file in DATA_DIR that says up to when the files are in a mirror, in milliseconds since 1970. */
export const mirrorNote = ({ DATA_DIR }: Pick<Config, 'DATA_DIR'>): string => join(DATA_DIR, 'cohort.mirror')

/**
 * Notes in DATA_DIR that every file stored before `at` is in the mirror, milliseconds since 1970. The service
 * reads it for its metrics.
 */
export async function rememberMirrored(config: Pick<Config, 'DATA_DIR'>, at: number): Promise<void> {
  const file = mirrorNote(config)
  await writeFile(`${file}.tmp`, `${at}\n`, { mode: 0o600 })
  await rename(`${file}.tmp`, file)
}
