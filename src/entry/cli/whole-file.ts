import { existsSync, realpathSync, statSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Config } from '../../config.ts'
import { type Invocation, UsageError } from './command.ts'
import { CommandFailure } from './command-failure.ts'

/** The one argument of a command. Throws `UsageError` if it is missing or not alone. */
export function onlyArgument({ positionals: [argument, another] }: Invocation, name: string): string {
  if (argument === undefined || argument === '') throw new UsageError(`${name} is missing`)
  if (another !== undefined) throw new UsageError(`unexpected argument "${another}"`)
  return argument
}

/** Throws `CommandFailure` if the file is there and `force` is not. */
export function refuseExisting(file: string, force: unknown): void {
  if (existsSync(file) && force !== true) throw new CommandFailure(`${file} exists: --force replaces it`)
}

/**
 * For a file that a command is to write. Throws `CommandFailure` if it is there and `force` is not, and whatever
 * `force` says if it is something that Cohort lives on: its database, its files, a database that somebody has open.
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

/** What is in DATA_DIR beside the folder of files. */
const ownNames = ['cohort.db', 'cohort.db-wal', 'cohort.db-shm', 'cohort.pid', 'cohort.lock']

/** Whether both names mean one file, by whichever links; also where it is not there yet. */
function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map(file => statSync(file, { throwIfNoEntry: false }))
  if (a !== undefined && b !== undefined) return a.dev === b.dev && a.ino === b.ino
  return realPath(one) === realPath(other)
}

const isBelow = (file: string, folder: string): boolean =>
  `${realPath(file)}/`.startsWith(`${realPath(folder)}/`)

/** The path with all links followed that are there. */
function realPath(path: string): string {
  const whole = resolve(path)
  if (existsSync(whole)) return realpathSync(whole)
  return dirname(whole) === whole ? whole : join(realPath(dirname(whole)), basename(whole))
}

/**
 * Makes a file whole or not at all: `write` fills another beside it, readable by its owner alone, which takes
 * the name when it is on disk. Whatever was there before stays until then, and for good if `write` throws.
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

/** Has what was written to a file, or the names in a folder, on disk when it resolves. */
export async function flush(path: string, flags = 'r'): Promise<void> {
  const handle = await open(path, flags)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Removes a file, and what SQLite keeps beside one. */
export async function removeDatabase(file: string): Promise<void> {
  await rm(file, { force: true })
  await removeLogs(file)
}

/** Removes what SQLite keeps beside a database: changes not yet in it, or how to undo some. */
export async function removeLogs(file: string): Promise<void> {
  for (const suffix of ['-wal', '-shm', '-journal']) await rm(file + suffix, { force: true })
}
