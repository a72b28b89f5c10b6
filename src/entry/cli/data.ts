import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { folderStore, objectsIn } from '../../blobs/folder.ts'
import { s3Store } from '../../blobs/s3.ts'
import type { Config } from '../../config.ts'
import { DatabaseError, type SerialEngine } from '../../db/engine.ts'
import { withoutCheckpoints } from '../../db/engines/checkpoints.ts'
import type { LogFile } from '../../db/engines/log-file.ts'
import { migrate } from '../../db/migrate.ts'
import type { Executor } from '../../operation/executor.ts'
import { serialExecutor } from '../../operation/serial-executor.ts'
import type { BlobStore } from '../../platform.ts'
import { eventLoop } from '../event-loop.ts'
import type { Runtime } from '../runtime.ts'

export const databaseFile = (config: Config): string => join(config.DATA_DIR, 'cohort.db')

const filesFolder = ({ DATA_DIR }: Config): string => join(DATA_DIR, 'files')

/** The folder that the paths of objects begin with, where the files are in a folder. */
export const objectsFolder = (config: Config): string => objectsIn(filesFolder(config))

/** The store of the files, as the configuration names it. */
export const blobStore = (config: Config): BlobStore =>
  config.files.store === 's3' ? s3Store(config.files.s3) : folderStore(filesFolder(config))

/**
 * Opens the database in DATA_DIR and applies missing migrations. If there is no database, `create` makes one;
 * without `create` this throws `DatabaseError`, so that a command that runs in the wrong folder leaves no
 * database there. `migrates: false` leaves the database of an earlier version as it is.
 */
export function openData(
  runtime: Runtime,
  config: Config,
  { create = false, migrates = true } = {},
): { engine: SerialEngine; applied: string[] } {
  if (!create && !existsSync(databaseFile(config)))
    throw new DatabaseError(
      `there is none in ${config.DATA_DIR}: set DATA_DIR to the folder of the service; cohort serve and cohort app create make a new one`,
    )
  const engine = opened(runtime, config)
  return { engine, applied: migrates ? migrate(engine) : [] }
}

/**
 * As `openData`, for a service: a thread syncs the log. First the log is written again, because the process
 * before this one may have ended after a sync that failed. Changes that look saved are then only in the
 * memory of the operating system. Throws `DatabaseError` if the disk does not accept the log.
 */
export async function openServedData(
  runtime: Runtime,
  config: Config,
): Promise<{ engine: SerialEngine; applied: string[] }> {
  const engine = opened(runtime, config, runtime.logThread(databaseFile(config)))
  try {
    // SQLite makes the log of a new database only at the first read.
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
  return config.LITESTREAM ? withoutCheckpoints(engine) : engine
}

/** Makes a folder and its parents, and syncs them, so that they still exist after a power cut. */
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

/**
 * Runs an action on the database, and closes the database also if the action throws. Options are those of
 * `openData`.
 */
export async function withData<T>(
  runtime: Runtime,
  config: Config,
  action: (executor: Executor, engine: SerialEngine) => Promise<T>,
  options: { readonly create?: boolean; readonly migrates?: boolean } = {},
): Promise<T> {
  const { engine } = openData(runtime, config, options)
  const executor = serialExecutor(engine, { loop: eventLoop, shared: true })
  try {
    return await action(executor, engine)
  } finally {
    await executor.drain()
    engine.close()
  }
}
