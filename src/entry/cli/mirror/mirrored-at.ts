import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../../config.ts'

const fileOf = ({ DATA_DIR }: Pick<Config, 'DATA_DIR'>): string => join(DATA_DIR, 'cohort.mirror')

/**
 * Notes in DATA_DIR that every file stored before `at` is in the mirror, milliseconds since 1970. The service
 * reads it for its metrics.
 */
export async function rememberMirrored(config: Pick<Config, 'DATA_DIR'>, at: number): Promise<void> {
  const file = fileOf(config)
  await writeFile(`${file}.tmp`, `${at}\n`, { mode: 0o600 })
  await rename(`${file}.tmp`, file)
}

/** Up to when the files are in a mirror, milliseconds since 1970; undefined if there was never a mirror. */
export async function mirroredAt(config: Pick<Config, 'DATA_DIR'>): Promise<number | undefined> {
  const text = await readFile(fileOf(config), 'utf8').catch(() => '')
  const at = Number(text)
  return text !== '' && Number.isFinite(at) ? at : undefined
}
