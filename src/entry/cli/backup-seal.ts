import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { appendFile, open, truncate } from 'node:fs/promises'
import { CommandFailure } from './command-failure.ts'

/*
 * A backup ends with a seal: the SHA-256 of all bytes before the seal. SQLite ignores bytes after the last
 * page, so any SQLite opens a sealed backup. Backups of 0.1.0 have no seal.
 */

const label = '\ncohort backup, sha256 '
const sealBytes = label.length + 64 + 1

/**
 * The smallest page of SQLite, bytes. All page sizes are powers of two, so the size of a file without a seal
 * is a multiple of this one.
 */
const smallestPage = 512

/** Appends the seal to a new backup. */
export async function seal(file: string): Promise<void> {
  await appendFile(file, `${label}${await hashOf(file)}\n`)
}

/**
 * Checks the seal of a copy of a backup and cuts it off. Does nothing if there is no seal. Messages call the
 * backup `name`. Throws `CommandFailure` if the bytes are not the sealed ones.
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

/** The SHA-256 of the first `bytes` bytes of a file (default: all bytes), in hexadecimal digits. */
async function hashOf(file: string, bytes = Number.POSITIVE_INFINITY): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file, { end: bytes - 1 })) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}
