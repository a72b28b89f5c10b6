import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { folderStore } from '../../blobs/folder.ts'
import { s3Store } from '../../blobs/s3.ts'
import type { Config } from '../../config.ts'
import { DatabaseError, type SerialEngine } from '../../db/engine.ts'
import { migrate } from '../../db/migrate.ts'
import { type Executor, serialExecutor } from '../../operation/executor.ts'
import type { BlobStore } from '../../platform.ts'
import type { Runtime } from '../runtime.ts'

export const databaseFile = (config: Config): string => join(config.DATA_DIR, 'cohort.db')

/** Where the files are. */
export const blobStore = ({ files, DATA_DIR }: Config): BlobStore =>
  files.store === 's3' ? s3Store(files.s3) : folderStore(join(DATA_DIR, 'files'))

/** Opens the database in DATA_DIR, made if need be, and brings it up to date. Throws `DatabaseError`. */
export function openData(runtime: Runtime, config: Config): { engine: SerialEngine; applied: string[] } {
  mkdirSync(config.DATA_DIR, { recursive: true, mode: 0o700 })
  const engine = runtime.openDatabase(databaseFile(config))
  if (engine.rows('PRAGMA journal_mode')[0]?.[0] !== 'wal')
    throw new DatabaseError('the file system of DATA_DIR does not let SQLite keep a log: use a local disk')
  return { engine, applied: migrate(engine) }
}

/** Runs an action on the database and closes it, whatever happens. */
export async function withData<T>(
  runtime: Runtime,
  config: Config,
  action: (executor: Executor) => Promise<T>,
): Promise<T> {
  const { engine } = openData(runtime, config)
  const executor = serialExecutor(engine)
  try {
    return await action(executor)
  } finally {
    await executor.drain()
    engine.close()
  }
}
