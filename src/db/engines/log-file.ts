import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  realpathSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

/**
 * SQLite's write-ahead log as a file. Every commit is written to it, and is durable when the file is synced.
 * Failures are thrown as the system throws them, or as `LogDeleted`.
 */
export interface LogFile {
  /** Resolves when all bytes written to the log are on disk. */
  sync(): Promise<void>
  /** Writes all bytes of the log again and syncs them. Nobody may commit meanwhile. */
  rewrite(): Promise<void>
  close(): Promise<void>
}

/** Somebody deleted the log file while it was in use. The next start would not find the changes in it. */
export class LogDeleted extends Error {
  override readonly name = 'LogDeleted'
  constructor() {
    super("the database's log was deleted while the service ran: restart the service")
  }
}

const chunkBytes = 1024 * 1024

/**
 * The log of the database `file`, with synchronous calls. It is opened at the first call; SQLite must have
 * made it by then.
 */
export class OpenLog {
  private readonly file: string
  private descriptor: number | undefined

  constructor(file: string) {
    this.file = file
  }

  sync(): void {
    const descriptor = this.open()
    retryInterrupted(() => fdatasyncSync(descriptor))
    // The check comes after the sync: only then it shows that the synced file still had a name.
    if (fstatSync(descriptor).nlink === 0) throw new LogDeleted()
  }

  /**
   * Reads the bytes of the log and writes them again. The bytes come from the memory of the operating system:
   * Linux (ext4, XFS) keeps the pages that it could not write, but marks them as written. Writing them again
   * makes it try again.
   */
  rewrite(): void {
    const descriptor = this.open()
    const chunk = new Uint8Array(chunkBytes)
    for (let at = 0; ; ) {
      const bytes = retryInterrupted(() => readSync(descriptor, chunk, 0, chunkBytes, at))
      if (bytes === 0) break
      for (let written = 0; written < bytes; ) {
        const [from, to] = [written, at + written]
        written += retryInterrupted(() => writeSync(descriptor, chunk, from, bytes - from, to))
      }
      at += bytes
    }
    this.sync()
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor)
    this.descriptor = undefined
  }

  /**
   * The log is in the folder of the database file itself, not in the folder of a link to it. The log stays
   * the same file while a connection is open, so its name is synced only once.
   */
  private open(): number {
    if (this.descriptor !== undefined) return this.descriptor
    const database = realpathSync(this.file)
    const descriptor = openSync(`${database}-wal`, 'r+')
    try {
      const folder = openSync(dirname(database), 'r')
      try {
        retryInterrupted(() => fsyncSync(folder))
      } finally {
        closeSync(folder)
      }
    } catch (error) {
      closeSync(descriptor)
      throw error
    }
    this.descriptor = descriptor
    return descriptor
  }
}

/** Repeats a system call that a signal has interrupted. */
function retryInterrupted<T>(call: () => T): T {
  for (;;) {
    try {
      return call()
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EINTR')) throw error
    }
  }
}

/**
 * The log without a thread of its own: the calls block the caller. For the command line, which has nothing
 * else to do meanwhile.
 */
export function logFile(file: string): LogFile {
  const log = new OpenLog(file)
  return {
    sync: async () => log.sync(),
    rewrite: async () => log.rewrite(),
    close: async () => log.close(),
  }
}
