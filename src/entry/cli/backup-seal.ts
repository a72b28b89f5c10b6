import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { appendFile, type FileHandle, open, truncate } from 'node:fs/promises'
import type { SerialEngine } from '../../db/engine.ts'
import { CommandFailure } from './command-failure.ts'

/*
 * A backup ends with the heads of the audit chains, one a line, and a seal: the SHA-256 of all bytes before
 * the seal. SQLite ignores bytes after the last page, so any SQLite opens a sealed backup. Backups of 0.1.0
 * have no seal.
 */

const label = '\ncohort backup, sha256 '
const sealBytes = label.length + 64 + 1

/**
 * The smallest page of SQLite, bytes. All page sizes are powers of two, so the size of a file without a seal
 * is a multiple of this one.
 */
const smallestPage = 512

/** The newest batch of an app's audit chain (docs/audit.md). */
export interface ChainHead {
  readonly app_id: string
  readonly number: number
  readonly hash: string
}

/** The heads of the audit chains in a database. A database of an older version has none. */
export function headsIn(engine: SerialEngine): ChainHead[] {
  if (engine.rows("SELECT 1 FROM sqlite_schema WHERE name = 'audit_heads'").length === 0) return []
  return engine
    .rows('SELECT app_id, head_number, head_hash FROM audit_heads ORDER BY app_id')
    .map(([app_id, number, hash]) => ({
      app_id: String(app_id),
      number: Number(number),
      hash: String(hash),
    }))
}

/** Appends the heads and the seal to a new backup. */
export async function seal(file: string, heads: readonly ChainHead[]): Promise<void> {
  const lines = heads
    .map(({ app_id, number, hash }) => `\naudit head of ${app_id}: ${number}:${hash}`)
    .join('')
  // `breakSeal` knows by the length that there is a seal.
  await appendFile(file, (lines.length + sealBytes) % smallestPage === 0 ? `${lines}\n` : lines)
  await appendFile(file, `${label}${await hashOf(file)}\n`)
}

/**
 * Checks the seal of a copy of a backup and cuts off what comes after the database. Does nothing if there is
 * no seal. Messages call the backup `name`. Throws `CommandFailure` if the bytes are not the sealed ones.
 */
export async function breakSeal(file: string, name: string): Promise<void> {
  const handle = await open(file)
  try {
    const { size } = await handle.stat()
    if (size % smallestPage === 0) return
    const contentBytes = Math.max(0, size - sealBytes)
    const { bytesRead, buffer } = await handle.read(new Uint8Array(sealBytes), 0, sealBytes, contentBytes)
    const found = new TextDecoder('latin1').decode(buffer.subarray(0, bytesRead))
    if (contentBytes === 0 || found !== `${label}${await hashOf(file, contentBytes)}\n`)
      throw new CommandFailure(
        `${name} is damaged, or was changed after it was made: its checksum is another`,
      )
    await truncate(file, await databaseBytes(handle))
  } finally {
    await handle.close()
  }
}

/** The length of a database, as its header says it (https://sqlite.org/fileformat2.html, section 1.3). */
async function databaseBytes(handle: FileHandle): Promise<number> {
  const { buffer } = await handle.read(Buffer.alloc(100), 0, 100, 0)
  const pageBytes = buffer.readUInt16BE(16)
  return (pageBytes === 1 ? 65_536 : pageBytes) * buffer.readUInt32BE(28)
}

/** The SHA-256 of the first `bytes` bytes of a file (default: all bytes), in hexadecimal digits. */
async function hashOf(file: string, bytes = Number.POSITIVE_INFINITY): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file, { end: bytes - 1 })) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}
