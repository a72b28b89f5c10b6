import { existsSync, mkdirSync } from 'node:fs'
import { copyFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Config } from '../../config.ts'
import { DatabaseError, type SerialEngine } from '../../db/engine.ts'
import { eraseUsers } from '../../jobs/erase-users.ts'
import { serialExecutor } from '../../operation/serial-executor.ts'
import { eventLoop } from '../event-loop.ts'
import type { Runtime } from '../runtime.ts'
import { filesBeside } from './backup.ts'
import { checkBackup, kindOfBackup } from './backup-check.ts'
import { breakSeal } from './backup-seal.ts'
import { bucketBackup, download } from './bucket-backup.ts'
import { type Command, type Invocation, UsageError } from './command.ts'
import { CommandFailure, sayingWhatFailed } from './command-failure.ts'
import { commandJobs, complaints } from './command-jobs.ts'
import { databaseFile } from './data.ts'
import { servedBy } from './data-claim.ts'
import { loadDump } from './dump.ts'
import { copyObjects } from './object-copy.ts'
import { progressBar } from './progress.ts'
import { credentialsIn, keepEnded, whatIsEnded } from './restored-credentials.ts'
import { eraseAgain, erasedIn, whoIsErased } from './restored-erasures.ts'
import { endedInvitationsIn, keepInvitationsEnded } from './restored-invitations.ts'
import { keepQuarantine, quarantineIn } from './restored-quarantine.ts'
import { keepWebhooksEnded, webhooksIn } from './restored-webhooks.ts'
import { flush, onlyArgument, refuseExisting, removeDatabase, removeLogs, writeWhole } from './whole-file.ts'

export const restoreCommand: Command = {
  name: 'restore',
  summary: 'bring back a backup, or load a dump of D1',
  help: `Usage: cohort restore FILE [--files] [--force]

Makes FILE the database in DATA_DIR: a backup of cohort backup, or a dump of "wrangler d1 export DB --remote --output FILE". The service must be
stopped. FILE is checked first, and the database is replaced as a whole or not at all.

  --files   also brings back the stored files from the folder FILE.files
  --force   replaces the database that is there

s3:NAME instead of FILE takes the backup cohort.backups/NAME from the bucket. FILE may also be what "litestream restore" has written; the stored
files then come back by cohort files fetch, while the service runs again. After every restore, readers of events begin anew: their cursors are void.
`,
  options: { files: { type: 'boolean' }, force: { type: 'boolean' } },
  run: sayingWhatFailed(async invocation => {
    const { config, options } = invocation
    const file = onlyArgument(invocation, 'FILE')
    const database = databaseFile(config)
    const inBucket = bucketBackup(file, config)
    if (inBucket !== undefined && options.files === true) throw new UsageError('--files goes with a file')
    refuseWhileServed(config)
    refuseExisting(database, options.force)
    mkdirSync(config.DATA_DIR, { recursive: true, mode: 0o700 })
    if (inBucket === undefined) return restore(invocation, file, file)
    const local = `${database}.${process.pid}.download`
    try {
      await download(inBucket, local)
      await restore(invocation, local, file)
    } finally {
      await removeDatabase(local)
    }
  }),
}

/** Messages call the file `name`. */
async function restore(
  { runtime, config, options, print }: Invocation,
  file: string,
  name: string,
): Promise<void> {
  const database = databaseFile(config)
  const credentials = credentialsIn(runtime, database)
  const webhooks = webhooksIn(runtime, database)
  const endedInvitations = endedInvitationsIn(runtime, database)
  const erased = erasedIn(runtime, database)
  const quarantine = quarantineIn(runtime, database)
  await writeWhole(database, async temporary => {
    const objects = await fill({ runtime, config, print, temporary, file, name }, engine => {
      keepEnded(engine, credentials)
      keepWebhooksEnded(engine, webhooks)
      keepInvitationsEnded(engine, endedInvitations)
      keepQuarantine(engine, quarantine)
      eraseAgain(engine, erased)
    })
    if (options.files === true) print(await restoreFiles(config, file, objects))
    // A service may have been started meanwhile.
    refuseWhileServed(config)
    retire(runtime, database)
    await removeLogs(database)
    // The old log must be gone after a power cut too, because SQLite would apply it to the new database.
    await flush(dirname(resolve(database)))
  })
  print(`${name} is the database in ${config.DATA_DIR} now.\n`)
  print(whatIsEnded(credentials))
  print(whoIsErased(erased))
  if (options.files !== true && existsSync(filesBeside(file)))
    print(`Its files are in ${filesBeside(file)}: --files brings them back.\n`)
}

interface Filling {
  readonly runtime: Runtime
  readonly config: Config
  readonly print: Invocation['print']
  readonly temporary: string
  readonly file: string
  readonly name: string
}

/**
 * Puts the backup into an empty file, as an intact database that needs no other file. `keepAllEnded` ends in
 * it what was ended since the backup. Then the users are erased that the ledger names. Answers the keys of
 * all objects that the database has. Throws `CommandFailure`.
 */
async function fill(
  { runtime, config, print, temporary, file, name }: Filling,
  keepAllEnded: (engine: SerialEngine) => void,
): Promise<ReadonlySet<string>> {
  const kind = await kindOfBackup(file)
  if (kind === 'database') {
    await copyFile(file, temporary)
    await breakSeal(temporary, name)
    // A database that was copied by hand may have its log beside it. The log is part of the database.
    if (existsSync(`${file}-wal`)) await copyFile(`${file}-wal`, `${temporary}-wal`)
  }
  const progress = progressBar('Restore')
  const engine = opened(runtime, temporary, name)
  try {
    if (kind === 'dump') await loadDump(engine, file, (await stat(file)).size, progress)
    checkBackup(runtime, engine, name)
    endSessions(engine)
    keepAllEnded(engine)
    renewEpochs(engine)
    await eraseUsersIn(engine, config, print)
    engine.rows('PRAGMA journal_mode = DELETE')
    return objectsIn(engine)
  } finally {
    progress.end()
    engine.close()
  }
}

/** Erases the users whose erasure is under way. What cannot be done now, the service goes on with. */
async function eraseUsersIn(engine: SerialEngine, config: Config, print: Invocation['print']): Promise<void> {
  const executor = serialExecutor(engine, { loop: eventLoop })
  const report = await commandJobs(config, executor, complaints(print)).runToEnd(eraseUsers)
  await executor.drain()
  if (report.users) print(`${report.users} users who were erased since this backup are erased again.\n`)
}

/** The keys in the store of all objects and of what was made from them. */
const objectsIn = (engine: SerialEngine): ReadonlySet<string> =>
  new Set(
    engine
      .rows(
        'SELECT object_name FROM objects UNION ALL SELECT object_name || made.key FROM objects, json_each(objects.derived) AS made',
      )
      .map(([key]) => String(key)),
  )

function opened(runtime: Runtime, file: string, name: string) {
  try {
    return runtime.openDatabase(file)
  } catch (error) {
    if (error instanceof DatabaseError) throw new CommandFailure(`${name} is damaged: ${error.message}`)
    throw error
  }
}

/** Ends all sessions of the console, so that a restore brings no ended session back. */
function endSessions(engine: SerialEngine): void {
  const tables = engine.rows(
    "SELECT name FROM sqlite_schema WHERE name IN ('console_sessions', 'console_links')",
  )
  for (const [table] of tables) engine.exec(`DELETE FROM ${table}`)
}

/**
 * Gives every app a new epoch, so that cursors and states of readers of events become void. The restored
 * database will use event numbers again that readers have already seen.
 */
function renewEpochs(engine: SerialEngine): void {
  const [hasEpochs] = engine.rows("SELECT 1 FROM pragma_table_info('apps') WHERE name = 'epoch'")
  // A database of an older version has no epochs. The migration gives every app a new one.
  if (hasEpochs !== undefined) engine.exec('UPDATE apps SET epoch = lower(hex(randomblob(3)))')
}

/** Copies the files beside the backup. Those that its database does not know were deleted, and stay so. */
async function restoreFiles(
  { files, DATA_DIR }: Config,
  file: string,
  objects: ReadonlySet<string>,
): Promise<string> {
  if (files.store === 's3') return `The files are in the bucket ${files.s3.bucket}.\n`
  if (!existsSync(filesBeside(file))) throw new CommandFailure(`there is no folder ${filesBeside(file)}`)
  const { copied, bytes, kept } = await copyObjects(filesBeside(file), join(DATA_DIR, 'files'), name =>
    objects.has(name.replaceAll('~', '/')),
  )
  return `${copied} files of ${bytes} bytes, ${kept} were there already\n`
}

function refuseWhileServed(config: Config): void {
  const pid = servedBy(config)
  if (pid === undefined) return
  throw new CommandFailure(
    `a service is running on ${config.DATA_DIR} (process ${pid}): stop it first; if that is another program, delete ${join(config.DATA_DIR, 'cohort.pid')}`,
  )
}

/**
 * Copies the log of the old database into it, so that SQLite does not apply a leftover log to the new
 * database. SQLite allows this only while no other process has the database open, in any container. Throws
 * `CommandFailure` otherwise.
 */
function retire(runtime: Runtime, database: string): void {
  if (!existsSync(database)) return
  try {
    const engine = runtime.openDatabase(database)
    try {
      engine.rows('PRAGMA busy_timeout = 0')
      const [[mode] = []] = engine.rows('PRAGMA journal_mode = DELETE')
      if (mode !== 'delete') throw new DatabaseError('database is locked')
    } finally {
      engine.close()
    }
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    if (/lock|busy/i.test(error.message))
      throw new CommandFailure(`${database} is in use: stop the service first`)
    // The database is damaged, and that is why it is being replaced.
  }
}
