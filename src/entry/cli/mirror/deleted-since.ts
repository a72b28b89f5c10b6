import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../../config.ts'

/** The file in DATA_DIR with the copies of deleted files that still wait in a mirror. */
const nameOfFile = 'cohort.mirror-deleted'

interface Waiting {
  /** The mirror, as an URL. */
  readonly place: string
  /** When each copy was first found to be of a deleted file, milliseconds since 1970. */
  readonly since: Readonly<Record<string, number>>
}

/**
 * Notes which copies are of deleted files, and answers those that have waited for `delayMs`. A copy whose
 * file came back by a restore waits anew. If the notes are lost, all wait anew.
 */
export async function dueForDeletion(
  { DATA_DIR }: Pick<Config, 'DATA_DIR'>,
  place: string,
  deleted: readonly string[],
  delayMs: number,
): Promise<string[]> {
  const file = join(DATA_DIR, nameOfFile)
  const now = Date.now()
  const text = await readFile(file, 'utf8').catch(() => undefined)
  const before = text === undefined ? undefined : parsed(text)
  const known: Waiting['since'] = before?.place === place ? before.since : {}
  const since = Object.fromEntries(deleted.map(key => [key, known[key] ?? now]))
  const waiting: Waiting = { place, since }
  await writeFile(`${file}.tmp`, JSON.stringify(waiting), { mode: 0o600 })
  await rename(`${file}.tmp`, file)
  return deleted.filter(key => now - (since[key] ?? now) >= delayMs)
}

/** The notes in this text; undefined if they are damaged. */
function parsed(text: string): Waiting | undefined {
  try {
    return JSON.parse(text) as Waiting
  } catch {
    return undefined
  }
}
