import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { appendFile, open, truncate } from 'node:fs/promises'
import { CommandFailure } from './command-failure.ts'

/*
 * A backup ends with a seal: the SHA-256 of everything before it. SQLite passes over what stands behind the last
 * page, so a sealed backup is a database that any SQLite opens. Backups of 0.1.0 have no seal.
 */

const label = '\ncohort backup, sha256 '
const sealBytes = label.length + 64 + 1

/** SQLite's pages are a power of two of at least this size, so a file without a seal is a multiple of it, bytes. */
const smallestPage = 512

/** Puts the seal behind a new backup. */
export async function seal(file: string): Promise<void> {
  await appendFile(file, `${label}${await hashOf(file)}\n`)
}

/**
 * Takes the seal off a copy of a backup, if it has one. `name` is what messages call the backup. Throws
 * `CommandFailure` if the bytes are not those that were sealed.
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
    await truncate(file, contentBytes)
  } finally {
    await handle.close()
  }
}

/** The SHA-256 of the first bytes of a file, of all by default, in hexadecimal digits. */
async function hashOf(file: string, bytes = Number.POSITIVE_INFINITY): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file, { end: bytes - 1 })) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}
