import { existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
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
