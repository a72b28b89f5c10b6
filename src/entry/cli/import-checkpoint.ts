import { createHash } from 'node:crypto'
import { fstatSync, readFileSync, readSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { Imported } from '../../transfer/import-batch.ts'
import type { Position } from './import-file.ts'

/** How far an import has come. */
export interface Reached extends Position, Imported {
  /** The name of the run (see transfer/import-groups.ts). */
  readonly run: string
}

/** How many bytes before the position must be the same for an import to go on there. */
const tailSize = 64 * 1024

export interface Checkpoint {
  /**
   * Where this import stopped before; undefined if it did not, or if the file, the app or the database is
   * another one.
   */
  read(): Reached | undefined
  /** To be called when all before the position is in the database for good. */
  write(reached: Reached): void
  remove(): void
}

/** Remembers in FILE.progress how far the import of FILE has come. */
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
        // None, or one that a power cut left unfinished: beginning anew does no harm, for what is there stays
        // as it is.
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
