import type { Hono } from 'hono'
import type { SerialEngine } from '../db/engine.ts'
import type { CheckpointWatch } from '../db/engines/checkpoints.ts'
import type { LogFile } from '../db/engines/log-file.ts'
import type { TextPorts } from '../http/outbox.ts'
import type { FileSender, Service } from '../http/service.ts'
import type { Bytes, Images, Videos, Voice } from '../platform.ts'

export interface Listening {
  readonly port: number
  /**
   * Stops accepting requests, waits at most `graceMs` milliseconds for those under way, then cuts them off.
   */
  close(graceMs: number): Promise<void>
}

/** What differs between Node, Bun and Deno: everything that the command line needs from the runtime. */
export interface Runtime {
  readonly name: 'node' | 'bun' | 'deno'
  /** The command that runs this program again in another process. Callers add the arguments. */
  readonly command: readonly string[]
  openDatabase(file: string, log?: LogFile): SerialEngine
  /**
   * The log of a served database, synced by a thread, so that neither the event loop nor uploads delay a
   * sync.
   */
  logThread(file: string): LogFile
  /**
   * Makes the checkpoints of a served database on a thread. Where it is missing, SQLite makes them in
   * commits.
   */
  checkpoints?(engine: SerialEngine, file: string, watch: CheckpointWatch): { stop(): Promise<void> }
  listen(app: Hono, host: string, port: number): Promise<Listening>
  /** Makes a body of bytes that many readers share, where the runtime copies the bytes of every answer. */
  readonly memoryBody?: (bytes: Bytes) => Blob
  readonly images: Images
  readonly voice: Voice
  readonly videos: Videos
  /** Sends files of the disk by itself. */
  readonly sender: FileSender
  readonly texts?: TextPorts
  /** The address at the other end of the connection. */
  readonly addressOf: Service['addressOf']
  readonly receivedBody?: Service['receivedBody']
}
