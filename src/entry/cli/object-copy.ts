import type { Stats } from 'node:fs'
import { copyFile, lstat, mkdir, readdir, rename, rm, utimes } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { flush } from './whole-file.ts'

export interface Copied {
  readonly copied: number
  readonly bytes: number
  /** How many objects were there already. */
  readonly kept: number
}

/** The name of a file whose key is longer than a name: its folders hold the rest (see blobs/folder.ts). */
const continued = /\+$/

/**
 * Copies the objects of one folder store into another, which may be in use. Existing objects are kept,
 * because objects never change. Objects that disappear during the copy are skipped. A copy appears only when
 * it is complete. It keeps the modification time, from which the service makes the ETag. `isWanted` chooses
 * them by their names, in which `~` stands for `/`.
 */
export async function copyObjects(
  from: string,
  to: string,
  isWanted: (name: string) => boolean = () => true,
): Promise<Copied> {
  const temporary = join(to, 'tmp')
  const temp = join(temporary, `copy-${process.pid}`)
  let copied = 0
  let bytes = 0
  let kept = 0

  const copy = async (source: string, target: string, stats: Stats): Promise<void> => {
    await copyFile(source, temp)
    await utimes(temp, stats.atime, stats.mtime)
    await flush(temp)
    await rename(temp, target)
    copied++
    bytes += stats.size
  }

  const walk = async (source: string, target: string, before = ''): Promise<void> => {
    const entries = (await readdir(source, { withFileTypes: true }).catch(absent)) ?? []
    if (entries.length > 0) await mkdir(target, { recursive: true, mode: 0o700 })
    const copiedBefore = copied
    for (const entry of entries) {
      const [path, place] = [join(source, entry.name), join(target, entry.name)]
      if (entry.isDirectory())
        await walk(
          path,
          place,
          continued.test(entry.name) ? before + entry.name.replace(continued, '') : before,
        )
      if (!entry.isFile() || !isWanted(before + entry.name)) continue
      const [stats, there] = [await lstat(path).catch(absent), await lstat(place).catch(absent)]
      if (stats === undefined) continue
      if (there?.isFile() && there.size === stats.size) kept++
      else await copy(path, place, stats).catch(absent)
    }
    if (copied > copiedBefore) await flush(target)
  }

  await mkdir(temporary, { recursive: true, mode: 0o700 })
  try {
    await walk(join(from, 'objects'), join(to, 'objects'))
    if (copied > 0) for (const folder of [to, dirname(resolve(to))]) await flush(folder)
  } finally {
    await rm(temp, { force: true })
  }
  return { copied, bytes, kept }
}

function absent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  throw error
}
