import type { Hono } from 'hono'
import type { SerialEngine } from '../db/engine.ts'
import type { CheckpointWatch } from '../db/engines/checkpoints.ts'
import type { LogFile } from '../db/engines/log-file.ts'
import type { Service } from '../http/service.ts'
import type { Images, Videos, Voice } from '../platform.ts'

export interface Listening {
  readonly port: number
  /** Stops accepting, lets what runs finish for at most so many milliseconds, then cuts it off. */
  close(graceMs: number): Promise<void>
}

/** What differs between Node, Bun and Deno: all that the command line needs of each. */
export interface Runtime {
  readonly name: 'node' | 'bun' | 'deno'
  /**
   * How this runtime runs this program again, as a process of its own: the command, to which arguments are
   * added.
   */
  readonly command: readonly string[]
  openDatabase(file: string, log?: LogFile): SerialEngine
  /** The log of a database that is served, synced beside the event loop and beside the uploads. */
  logThread(file: string): LogFile
  /**
   * Checkpoints of a database that is served, beside the event loop; where it is missing, SQLite makes them
   * in commits.
   */
  checkpoints?(engine: SerialEngine, file: string, watch: CheckpointWatch): { stop(): Promise<void> }
  listen(app: Hono, host: string, port: number): Promise<Listening>
  readonly images: Images
  readonly voice: Voice
  readonly videos: Videos
  /** The address at the other end of the connection. */
  readonly addressOf: Service['addressOf']
}
