import { existsSync, realpathSync, statSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Config } from '../../config.ts'
import { type Invocation, UsageError } from './command.ts'
import { CommandFailure } from './command-failure.ts'

/** The only argument of a command. Throws `UsageError` if there is none or more than one. */
export function onlyArgument({ positionals: [argument, another] }: Invocation, name: string): string {
  if (argument === undefined || argument === '') throw new UsageError(`${name} is missing`)
  if (another !== undefined) throw new UsageError(`unexpected argument "${another}"`)
  return argument
}

/** Throws `CommandFailure` if the file exists and `force` is not true. */
export function refuseExisting(file: string, force: unknown): void {
  if (existsSync(file) && force !== true) throw new CommandFailure(`${file} exists: --force replaces it`)
}

/**
 * Checks a file that a command will write. Throws `CommandFailure` if the file exists and `force` is not
 * true. Throws it also with `force` if the service needs the file: the database, the stored files, or a
 * database that some process has open.
 */
export function refuseOverwriting(file: string, force: unknown, config: Config): void {
  const own = `${file} is what the service runs on: give another name`
  if (isBelow(file, join(config.DATA_DIR, 'files'))) throw new CommandFailure(own)
  for (const name of ownNames)
    if (isSameFile(file, join(config.DATA_DIR, name))) throw new CommandFailure(own)
  const there = statSync(file, { throwIfNoEntry: false })
  if (there?.isDirectory()) throw new CommandFailure(`${file} is a folder: give the name of a file`)
  if (existsSync(`${file}-wal`))
    throw new CommandFailure(`${file} is a database in use, as ${file}-wal shows: give another name`)
  refuseExisting(file, force)
}

/** The names in DATA_DIR that Cohort uses, besides the folder of files. */
const ownNames = [
  'cohort.db',
  'cohort.db-wal',
  'cohort.db-shm',
  'cohort.pid',
  'cohort.lock',
  'cohort.mirror',
  'cohort.mirror-deleted',
]

/** Whether both paths lead to the same file, through any links. Works also if the file does not exist yet. */
function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map(file => statSync(file, { throwIfNoEntry: false }))
  if (a !== undefined && b !== undefined) return a.dev === b.dev && a.ino === b.ino
  return realPath(one) === realPath(other)
}

const isBelow = (file: string, folder: string): boolean =>
  `${realPath(file)}/`.startsWith(`${realPath(folder)}/`)

/** The path with all existing links followed. */
function realPath(path: string): string {
  const absolute = resolve(path)
  if (existsSync(absolute)) return realpathSync(absolute)
  return dirname(absolute) === absolute ? absolute : join(realPath(dirname(absolute)), basename(absolute))
}

/**
 * Makes a file completely or not at all. `write` fills a temporary file in the same folder, which only its
 * owner can read. The temporary file gets the name when it is on disk. An existing file stays until then, and
 * stays for good if `write` throws.
 */
export async function writeWhole(file: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`
  try {
    await (await open(temporary, 'w', 0o600)).close()
    await write(temporary)
    await flush(temporary, 'r+')
    await rename(temporary, file)
    await flush(dirname(resolve(file)))
  } finally {
    await removeDatabase(temporary)
  }
}

/** Syncs a file, or the names in a folder. Resolves when they are on disk. */
export async function flush(path: string, flags = 'r'): Promise<void> {
  const handle = await open(path, flags)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Removes a database file, and the log files of SQLite beside it. */
export async function removeDatabase(file: string): Promise<void> {
  await rm(file, { force: true })
  await removeLogs(file)
}

/**
 * Removes the log files of SQLite beside a database: committed changes that are not in the database yet, and
 * the data for a rollback.
 */
export async function removeLogs(file: string): Promise<void> {
  for (const suffix of ['-wal', '-shm', '-journal']) await rm(file + suffix, { force: true })
}
