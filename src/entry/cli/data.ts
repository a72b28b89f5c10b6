import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { folderStore } from '../../blobs/folder.ts'
import { s3Store } from '../../blobs/s3.ts'
import type { Config } from '../../config.ts'
import { DatabaseError, type SerialEngine } from '../../db/engine.ts'
import type { LogFile } from '../../db/engines/log-file.ts'
import { migrate } from '../../db/migrate.ts'
import type { Executor } from '../../operation/executor.ts'
import { serialExecutor } from '../../operation/serial-executor.ts'
import type { BlobStore } from '../../platform.ts'
import { eventLoop } from '../event-loop.ts'
import type { Runtime } from '../runtime.ts'

export const databaseFile = (config: Config): string => join(config.DATA_DIR, 'cohort.db')

/** Where the files are. */
export const blobStore = ({ files, DATA_DIR }: Config): BlobStore =>
  files.store === 's3' ? s3Store(files.s3) : folderStore(join(DATA_DIR, 'files'))

/**
 * Opens the database in DATA_DIR and brings it up to date. `create` makes one where there is none; without it
 * that throws `DatabaseError`, for a command in another folder must not leave a database there.
 */
export function openData(
  runtime: Runtime,
  config: Config,
  { create = false } = {},
): { engine: SerialEngine; applied: string[] } {
  if (!create && !existsSync(databaseFile(config)))
    throw new DatabaseError(
      `there is none in ${config.DATA_DIR}: set DATA_DIR to the folder of the service; cohort serve and cohort app create make a new one`,
    )
  const engine = opened(runtime, config)
  return { engine, applied: migrate(engine) }
}

/**
 * As `openData`, for a service: its log is synced by a thread, and is written anew first. The process before
 * may have ended after a sync that failed; then what looks as if it were saved is in memory alone. Throws
 * `DatabaseError` if the disk does not take it.
 */
export async function openServedData(
  runtime: Runtime,
  config: Config,
): Promise<{ engine: SerialEngine; applied: string[] }> {
  const engine = opened(runtime, config, runtime.logThread(databaseFile(config)))
  try {
    // A new database has no log before it is first read.
    engine.rows('SELECT count(*) FROM sqlite_schema')
    await engine.repair()
    return { engine, applied: migrate(engine) }
  } catch (error) {
    engine.close()
    throw error
  }
}

function opened(runtime: Runtime, config: Config, log?: LogFile): SerialEngine {
  makeFolder(config.DATA_DIR)
  const engine = runtime.openDatabase(databaseFile(config), log)
  if (engine.rows('PRAGMA journal_mode')[0]?.[0] !== 'wal')
    throw new DatabaseError('the file system of DATA_DIR does not let SQLite keep a log: use a local disk')
  return engine
}

/** Makes a folder, and those above it, so that they are there after a power cut too. */
function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = resolve(path); made.length >= resolve(first).length; made = dirname(made)) {
    const above = openSync(dirname(made), 'r')
    try {
      fsyncSync(above)
    } finally {
      closeSync(above)
    }
  }
}

/** Runs an action on the database and closes it, whatever happens. Options are those of `openData`. */
export async function withData<T>(
  runtime: Runtime,
  config: Config,
  action: (executor: Executor) => Promise<T>,
  options: { readonly create?: boolean } = {},
): Promise<T> {
  const { engine } = openData(runtime, config, options)
  const executor = serialExecutor(engine, { loop: eventLoop })
  try {
    return await action(executor)
  } finally {
    await executor.drain()
    engine.close()
  }
}
