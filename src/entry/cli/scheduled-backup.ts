import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Config, ConfigError } from '../../config.ts'
import type { BackupFile, Premises } from '../../http/service.ts'
import { killRunning, spawnChild } from '../../media/process/child.ts'
import type { BlobStore, Log } from '../../platform.ts'
import type { Runtime } from '../runtime.ts'
import { bucketPrefix, namesInBucket } from './bucket-backup.ts'
import { blobStore } from './data.ts'

/** The longest time that `setTimeout` accepts, milliseconds. */
const maxTimerMs = 2 ** 31 - 1
/** How much of the output of a failed backup the log gets, characters. */
const maxMessageCharacters = 1000

const ours = /^cohort-\d{8}T\d{9}Z\.db$/

/** `cohort-20260131T120000000Z.db`. Alphabetical order is the order of time. */
const nameAt = (time: Date): string => `cohort-${time.toISOString().replace(/[-:.]/g, '')}.db`

/** When a backup of this name was made, milliseconds since 1970. */
const timeOf = (name: string): number =>
  Date.parse(
    name.replace(/^cohort-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z\.db$/, '$1-$2-$3T$4:$5:$6.$7Z'),
  )

/** The most backups that are listed. */
const maxListed = 100

/** Where scheduled backups go. */
interface Shelf {
  /** The argument of `cohort backup` for this name. */
  target(name: string): string
  /** The names of all that is there, in any order. */
  names(): Promise<string[]>
  size(name: string): Promise<number>
  remove(names: readonly string[]): Promise<void>
  prepare(): Promise<void>
}

export interface ScheduledBackup extends NonNullable<Premises['backups']> {
  /**
   * When the newest backup was made, milliseconds since 1970; before the first one, when this was started.
   */
  newestAt(): number
  stop(): Promise<void>
}

/**
 * Makes backups of the database, each in a process of its own: on demand, and every `every` milliseconds
 * (undefined: only on demand). The first scheduled backup is made one interval from now. Only the latest
 * BACKUP_KEEP backups are kept. Each backup writes a line to the log, and `record` is called for it. Throws
 * `ConfigError` if BACKUP_TO is not possible.
 */
export function startScheduledBackup(
  runtime: Pick<Runtime, 'command'>,
  config: Config,
  log: Log,
  every: number | undefined = config.BACKUP_EVERY === undefined ? undefined : config.BACKUP_EVERY * 60_000,
  record: (backup: BackupFile) => Promise<unknown> = async () => undefined,
): ScheduledBackup {
  const shelf = shelfOf(config)
  const stopping = new AbortController()
  /** Only one backup runs at a time, because a second one would delete the unfinished file of the first. */
  let underWay: Promise<BackupFile> | undefined
  let newestAt = Date.now()

  const make = (): Promise<BackupFile> => {
    underWay ??= round().finally(() => {
      underWay = undefined
    })
    return underWay
  }

  const round = async (): Promise<BackupFile> => {
    const started = performance.now()
    const made_at = new Date()
    const name = nameAt(made_at)
    await shelf.prepare()
    await runToEnd(
      [...runtime.command, 'backup', shelf.target(name)],
      { ...process.env, DATA_DIR: config.DATA_DIR },
      stopping.signal,
    )
    const old = (await shelf.names())
      .filter(candidate => ours.test(candidate))
      .sort()
      .slice(0, -config.BACKUP_KEEP)
    await shelf.remove(old)
    const ms = Math.round(performance.now() - started)
    const bytes = await shelf.size(name)
    newestAt = made_at.getTime()
    log.info({ event: 'backup', to: shelf.target(name), bytes, ms, removed: old.length })
    const backup = { name, bytes, made_at: made_at.getTime() }
    // The backup is there, also if that cannot be recorded.
    await record(backup).catch(error => log.error({ event: 'backup', error: String(error) }))
    return backup
  }

  const schedule = async (ms: number): Promise<void> => {
    while (await passed(ms, stopping.signal)) {
      await make().catch(error => {
        if (!stopping.signal.aborted) log.error({ event: 'backup', error: String(error) })
      })
    }
    // Removes what an interrupted backup left behind.
    await shelf.prepare().catch(() => undefined)
  }
  const scheduled = every === undefined ? undefined : schedule(every)
  const namesNewestFirst = async (): Promise<string[]> =>
    (await shelf.names().catch(() => []))
      .filter(name => ours.test(name))
      .sort()
      .reverse()
  if (every !== undefined)
    void namesNewestFirst().then(([name]) => {
      if (name !== undefined && timeOf(name) < newestAt) newestAt = timeOf(name)
    })

  return {
    newestAt: () => newestAt,
    async list() {
      const newest = (await namesNewestFirst()).slice(0, maxListed)
      return Promise.all(
        newest.map(async name => ({ name, bytes: await shelf.size(name), made_at: timeOf(name) })),
      )
    },
    make,
    async stop() {
      stopping.abort()
      await Promise.allSettled([scheduled, underWay])
    },
  }
}

function shelfOf(config: Config): Shelf {
  if (config.BACKUP_TO !== 's3') return folderShelf(config.BACKUP_TO || join(config.DATA_DIR, 'backups'))
  if (config.files.store !== 's3') throw new ConfigError('BACKUP_TO is s3, but S3_BUCKET is not set')
  return bucketShelf(blobStore(config), config.DATA_DIR)
}

const isLeftover = (name: string): boolean => /^cohort-\d{8}T\d{9}Z\.db\.\d+\.tmp/.test(name)

async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (isLeftover(name)) await rm(join(folder, name), { force: true })
}

const folderShelf = (folder: string): Shelf => ({
  target: name => join(folder, name),
  names: () => readdir(folder),
  size: async name => (await stat(join(folder, name))).size,
  async remove(names) {
    for (const name of names) await rm(join(folder, name), { force: true })
  },
  async prepare() {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await removeLeftovers(folder)
  },
})

const bucketShelf = (blobs: BlobStore, dataFolder: string): Shelf => ({
  target: name => `s3:${name}`,
  names: () => namesInBucket(blobs),
  size: async name => (await blobs.head(bucketPrefix + name))?.size ?? 0,
  remove: names => blobs.delete(names.map(name => bucketPrefix + name)),
  prepare: () => removeLeftovers(dataFolder),
})

/**
 * Runs a command. Throws an error with the output on stderr unless the exit code is 0. An abort kills the
 * command. That is safe, because the command only reads the database.
 */
async function runToEnd(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const child = spawnChild(command, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let printed = ''
  child.stderr?.on('data', chunk => {
    printed = (printed + chunk).slice(-maxMessageCharacters)
  })
  const kill = () => killRunning(child)
  signal.addEventListener('abort', kill)
  if (signal.aborted) kill()
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    if (code !== 0) throw new Error(printed.trim() || `the backup ended with ${code}`)
  } finally {
    signal.removeEventListener('abort', kill)
  }
}

/**
 * Resolves with true when `ms` milliseconds have passed, or with false at once when `signal` aborts. `ms` may
 * be longer than one timer can wait.
 */
async function passed(ms: number, signal: AbortSignal): Promise<boolean> {
  const end = performance.now() + ms
  for (let left = ms; left > 0 && !signal.aborted; left = end - performance.now()) {
    await new Promise<void>(resolve => {
      const timer = setTimeout(done, Math.min(left, maxTimerMs))
      function done() {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
      signal.addEventListener('abort', done)
    })
  }
  return !signal.aborted
}
