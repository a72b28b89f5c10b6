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
 * SQLite's write-ahead log as a file: every commit goes there, and is durable when the file is synced. Every
 * failure is thrown as it came from the system, or as `LogDeleted`.
 */
export interface LogFile {
  /** Resolves when all that was written to the log is on disk. */
  sync(): Promise<void>
  /** Writes all bytes of the log again, and syncs them. Nobody may commit meanwhile. */
  rewrite(): Promise<void>
  close(): Promise<void>
}

/** The log has no name any more: somebody deleted it, and the next start would not find what it holds. */
export class LogDeleted extends Error {
  override readonly name = 'LogDeleted'
  constructor() {
    super("the database's log was deleted while the service ran: restart the service")
  }
}

const chunkBytes = 1024 * 1024

/**
 * The log of the database `file`, used by calls that wait. Opened at the first call; SQLite has made it by
 * then.
 */
export class OpenLog {
  private readonly file: string
  private descriptor: number | undefined

  constructor(file: string) {
    this.file = file
  }

  sync(): void {
    const descriptor = this.open()
    whole(() => fdatasyncSync(descriptor))
    // After the sync: what is on disk by now must have a name.
    if (fstatSync(descriptor).nlink === 0) throw new LogDeleted()
  }

  /**
   * The bytes come from the operating system's memory: Linux keeps the pages that it could not write (ext4,
   * XFS), but believes that they are on disk. Writing them makes it try again.
   */
  rewrite(): void {
    const descriptor = this.open()
    const chunk = new Uint8Array(chunkBytes)
    for (let at = 0; ; ) {
      const bytes = whole(() => readSync(descriptor, chunk, 0, chunkBytes, at))
      if (bytes === 0) break
      for (let written = 0; written < bytes; ) {
        const [from, to] = [written, at + written]
        written += whole(() => writeSync(descriptor, chunk, from, bytes - from, to))
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
   * The log lies beside the database itself and not beside a link to it. It stays the same while a connection
   * is open, so its name is made durable once.
   */
  private open(): number {
    if (this.descriptor !== undefined) return this.descriptor
    const database = realpathSync(this.file)
    const descriptor = openSync(`${database}-wal`, 'r+')
    try {
      const folder = openSync(dirname(database), 'r')
      try {
        whole(() => fsyncSync(folder))
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
function whole<T>(call: () => T): T {
  for (;;) {
    try {
      return call()
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EINTR')) throw error
    }
  }
}

/** The log, used on the thread that asks: for the command line, which has nothing else to do meanwhile. */
export function logFile(file: string): LogFile {
  const log = new OpenLog(file)
  return {
    sync: async () => log.sync(),
    rewrite: async () => log.rewrite(),
    close: async () => log.close(),
  }
}
