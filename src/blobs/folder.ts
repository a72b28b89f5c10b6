import { createHash, randomUUID } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { type FileHandle, link, lstat, mkdir, open, readdir, rm, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import {
  type BlobInfo,
  type BlobStore,
  BlobStoreError,
  type ByteRange,
  type ByteStream,
} from '../platform.ts'
import { checkKey, checkPrefix } from './key.ts'
import { checkSize, storeError, storing } from './store-error.ts'

/** What is read at once, bytes: of a large file each step costs as much as a small request. */
const chunkSize = 512 * 1024
const longestName = 200
/**
 * How long a temporary file is spared that nobody writes to, milliseconds: its upload may still be under way.
 */
const abandoned = 24 * 60 * 60 * 1000
// A planted symlink is never followed, and a planted pipe never blocks the open.
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/**
 * Bytes in a folder: `objects/ab/cd/<key with ~ for />`, where `abcd` starts the key's SHA-256, so no folder
 * grows large, and `tmp` for uploads under way. Both must be on one file system, one that has hard links:
 * `link` is what puts an object in its place whole, durable, and never over another.
 *
 * An object's bytes never change: storing the same bytes again succeeds, storing others under a taken key
 * throws `BlobStoreError`.
 */
export function folderStore(root: string): BlobStore {
  const objects = join(resolve(root), 'objects')
  const temporary = join(resolve(root), 'tmp')
  const folders = durableFolders(dirname(resolve(root)))

  return {
    uploads: 'service',

    async put(key, body, { size }) {
      const path = pathOf(objects, key)
      const temp = join(temporary, randomUUID())
      const file = await storing('creating a file', async () => {
        await folders.make(temporary)
        return open(temp, 'wx', 0o600).catch(folders.forget)
      })
      try {
        try {
          checkSize(size, await write(file, body))
          await storing('flushing a file', () => file.sync())
        } finally {
          await storing('closing a file', () => file.close())
        }
        return await storing('placing a file', () => place(temp, path, key, folders))
      } finally {
        await rm(temp, { force: true }).catch(() => undefined)
      }
    },

    async get(key, range) {
      const path = pathOf(objects, key)
      const opened = await storing('opening a file', () => openFile(path))
      if (!opened) return undefined
      return range ? read(opened.file, range) : read(opened.file, { start: 0, end: opened.stats.size - 1 })
    },

    async head(key) {
      const path = pathOf(objects, key)
      const stats = await storing('looking at a file', () => lstat(path).catch(absent))
      return stats?.isFile() ? infoOf(key, stats) : undefined
    },

    async delete(keys) {
      const paths = keys.map(key => pathOf(objects, key))
      for (const path of paths) await storing('deleting a file', () => unlink(path).catch(absent))
      // Until then the names would come back after a power cut, when nobody knows them any more.
      for (const folder of new Set(paths.map(path => dirname(path))))
        await storing('deleting a file', () => flushFolder(folder).catch(absent))
    },

    async *list(prefix) {
      checkPrefix(prefix)
      for await (const flat of filesBelow(objects, '', 0)) {
        const key = flat.replaceAll('+/', '').replaceAll('~', '/')
        if (key.startsWith(prefix)) yield key
      }
    },

    tidy: now =>
      storing('sweeping temporary files', async () => {
        for (const name of (await readdir(temporary).catch(absent)) ?? []) {
          const path = join(temporary, name)
          const stats = await lstat(path).catch(absent)
          if (stats?.isFile() && now - stats.mtimeMs >= abandoned) await rm(path, { force: true })
        }
      }),
  }
}

/**
 * `~` and `+` are in no key, so names are unambiguous and a long one can be cut: only folders made by cutting
 * end in `+`. Throws `BlobStoreError` for what is not a key.
 */
function pathOf(objects: string, key: string): string {
  checkKey(key)
  const hash = createHash('sha256').update(key).digest('hex')
  const flat = key.replaceAll('/', '~')
  const pieces = flat.match(new RegExp(`.{1,${longestName}}`, 'g')) ?? []
  return join(objects, hash.slice(0, 2), hash.slice(2, 4), pieces.join('+/'))
}

/**
 * Objects are immutable, so the tag needs no reading: key, size and the second of writing survive restarts,
 * and backups that keep times.
 */
function infoOf(key: string, stats: Stats): BlobInfo {
  const second = Math.floor(stats.mtimeMs / 1000)
  const etag = createHash('sha256').update(`${key}\n${stats.size}\n${second}`).digest('hex').slice(0, 32)
  return { size: stats.size, etag }
}

/** Answers the number of bytes. Errors of the body pass as they are. */
async function write(file: FileHandle, body: ByteStream): Promise<number> {
  let size = 0
  for await (const chunk of body) {
    await storing('writing a file', () => file.writeFile(chunk))
    size += chunk.length
  }
  return size
}

async function place(temp: string, path: string, key: string, folders: DurableFolders): Promise<BlobInfo> {
  const folder = dirname(path)
  await folders.make(folder)
  try {
    await link(temp, path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') return folders.forget(error)
    if (!(await sameFile(temp, path)))
      throw new BlobStoreError('an object with this key exists and has other bytes')
  }
  await flushFolder(folder)
  return infoOf(key, await lstat(path))
}

interface DurableFolders {
  /** Makes the folder if need be. When it resolves, its name and those of all folders above it are on disk. */
  make(path: string): Promise<void>
  /** Throws the error on. Somebody may have removed folders underneath: the next attempt makes them again. */
  forget(error: unknown): never
}

/**
 * The folders below `top`, which is there. The name of a folder is durable when the folder around it is flushed. Who
 * made it may not have come to that, so each is flushed once a process, at its first use.
 */
function durableFolders(top: string): DurableFolders {
  const made = new Map<string, Promise<void>>()
  const ensure = async (path: string): Promise<void> => {
    const above = dirname(path)
    if (above !== top) await make(above)
    await mkdir(path).catch(error => {
      if (codeOf(error) !== 'EEXIST') throw error
    })
    await flushFolder(above)
  }
  const make = (path: string): Promise<void> => {
    const known = made.get(path)
    if (known !== undefined) return known
    const making = ensure(path)
    made.set(path, making)
    making.catch(() => made.delete(path))
    return making
  }
  return {
    make,
    forget(error) {
      made.clear()
      throw error
    },
  }
}

async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Whether two files have the same bytes; a symlink is no file. */
async function sameFile(path: string, otherPath: string): Promise<boolean> {
  const one = await openFile(path)
  const other = await openFile(otherPath)
  try {
    if (!one || !other || one.stats.size !== other.stats.size) return false
    const bytes = Buffer.alloc(chunkSize)
    const otherBytes = Buffer.alloc(chunkSize)
    for (let at = 0; at < one.stats.size; ) {
      const length = Math.min(chunkSize, one.stats.size - at)
      const [{ bytesRead }, { bytesRead: otherRead }] = await Promise.all([
        one.file.read(bytes, 0, length, at),
        other.file.read(otherBytes, 0, length, at),
      ])
      const common = Math.min(bytesRead, otherRead)
      if (common === 0 || bytes.compare(otherBytes, 0, common, 0, common) !== 0) return false
      at += common
    }
    return true
  } finally {
    await one?.file.close()
    await other?.file.close()
  }
}

/** Opens a regular file; undefined if there is none, or something else is in its place. */
async function openFile(path: string): Promise<{ file: FileHandle; stats: Stats } | undefined> {
  const file = await open(path, readFlags).catch(absent)
  if (!file) return undefined
  const stats = await file.stat()
  if (stats.isFile()) return { file, stats }
  await file.close()
  return undefined
}

/**
 * The bytes of the range in chunks, read only as fast as they are taken. The file is closed at the end, on an
 * error and on cancel.
 */
function read(file: FileHandle, range: ByteRange): ByteStream {
  let at = range.start
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const length = Math.min(chunkSize, range.end + 1 - at)
          if (length > 0) {
            const { bytesRead, buffer } = await file.read(new Uint8Array(length), 0, length, at)
            if (bytesRead === 0) throw new BlobStoreError('a file is shorter than it was')
            at += bytesRead
            controller.enqueue(buffer.subarray(0, bytesRead))
          }
          if (at <= range.end) return
          await file.close()
          controller.close()
        } catch (error) {
          await file.close().catch(() => undefined)
          controller.error(storeError('reading a file', error))
        }
      },
      cancel: () => file.close(),
    },
    { highWaterMark: 0 },
  )
}

/** The keys' names relative to `folder`, depth first. Symlinks are neither followed nor listed. */
async function* filesBelow(folder: string, name: string, depth: number): AsyncGenerator<string> {
  const entries =
    (await storing('listing a folder', () => readdir(folder, { withFileTypes: true }).catch(absent))) ?? []
  for (const entry of entries) {
    if (entry.isFile() && depth >= 2) yield name + entry.name
    if (!entry.isDirectory()) continue
    // The first two levels are the hash; deeper folders are pieces of a long name.
    yield* filesBelow(join(folder, entry.name), depth < 2 ? '' : `${name}${entry.name}/`, depth + 1)
  }
}

function absent(error: unknown): undefined {
  if (!['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error))) throw error
  return undefined
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
