import { createHash } from 'node:crypto'
import { fstatSync, readFileSync, readSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { Imported } from '../../transfer/import-batch.ts'
import type { Position } from './import-file.ts'

/** How far an import has come. */
export interface Reached extends Position, Imported {
  /** The name of the run (see transfer/import-groups.ts). */
  readonly run: string
}

/** An import goes on at a position only if this many bytes before the position are unchanged. */
const tailSize = 64 * 1024

export interface Checkpoint {
  /**
   * Where the last run of this import stopped. Answers undefined if there was none, or if the file, the app
   * or the database is another one.
   */
  read(): Reached | undefined
  /** Call this when everything before the position is on disk. */
  write(reached: Reached): void
  remove(): void
}

/** Records the progress of the import of FILE in the file FILE.progress. */
export function checkpointOf(file: string, descriptor: number, app_id: string, database: string): Checkpoint {
  const progress = `${file}.progress`
  const { dev, ino } = statSync(database)
  const into = `${app_id} ${dev}:${ino}`

  const tailAt = (offset: number): string => {
    const start = Math.max(0, offset - tailSize)
    const bytes = Buffer.alloc(offset - start)
    const bytesRead = readSync(descriptor, bytes, 0, bytes.length, start)
    return createHash('sha256').update(bytes.subarray(0, bytesRead)).digest('hex')
  }

  return {
    read() {
      try {
        const {
          into: whereto,
          tail,
          ...reached
        } = JSON.parse(readFileSync(progress, 'utf8')) as Reached & { into: string; tail: string }
        const same =
          whereto === into && reached.offset <= fstatSync(descriptor).size && tail === tailAt(reached.offset)
        return same ? reached : undefined
      } catch {
        // There is no such file, or a power cut left it unfinished. Starting again from the beginning does no
        // harm, because an import leaves existing rows as they are.
        return undefined
      }
    },
    write(reached) {
      writeFileSync(`${progress}.tmp`, JSON.stringify({ ...reached, into, tail: tailAt(reached.offset) }))
      renameSync(`${progress}.tmp`, progress)
    },
    remove: () => rmSync(progress, { force: true }),
  }
}
