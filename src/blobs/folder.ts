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

/** How many bytes one read takes. Each read of a large file costs as much as a small request. */
const chunkSize = 512 * 1024
/** How many bytes of an upload may wait for the write before them. */
const maxHeldBytes = 512 * 1024
const maxNameCharacters = 200
/**
 * A temporary file is deleted when it was last written this long ago, milliseconds. Until then its upload may
 * still be under way.
 */
const abandonedAfterMs = 24 * 60 * 60 * 1000
// The open does not follow a symlink and does not block on a pipe, if somebody has put one there.
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** The folder of the objects in the folder of a store. */
export const objectsIn = (root: string): string => join(resolve(root), 'objects')

/**
 * Bytes in a folder. An object is `objects/ab/cd/<key with ~ for />`, where `abcd` are the first digits of
 * the key's SHA-256, so that no folder grows large. Uploads under way are in `tmp`. Both folders must be on
 * one file system that has hard links, because `link` puts a complete object in its place and never replaces
 * another one.
 *
 * An object's bytes never change. Storing the same bytes again succeeds. Storing other bytes under the same
 * key throws `BlobStoreError`.
 */
export function folderStore(root: string): BlobStore {
  const objects = objectsIn(root)
  const temporary = join(resolve(root), 'tmp')
  const folders = durableFolders(dirname(resolve(root)))

  return {
    uploads: 'service',

    async put(key, body, { size }) {
      const path = pathOf(objects, key)
      const temp = join(temporary, randomUUID())
      const file = await storing('creating a file', async () => {
        await folders.make(temporary)
        // The process's umask takes the group's right away, unless the folder has an ACL (deploy/README.md).
        return open(temp, 'wx', 0o640).catch(folders.forget)
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
        await unlink(temp).catch(() => undefined)
      }
    },

    pathOf: key => pathOf(objects, key),

    async get(key, range) {
      const path = pathOf(objects, key)
      const opened = await storing('opening a file', () => openFile(path))
      if (!opened) return undefined
      return readFile(opened.file, range ?? { start: 0, end: opened.stats.size - 1 })
    },

    async head(key) {
      const path = pathOf(objects, key)
      const stats = await storing('looking at a file', () => lstat(path).catch(absent))
      return stats?.isFile() ? infoOf(key, stats) : undefined
    },

    async delete(keys) {
      const paths = keys.map(key => pathOf(objects, key))
      for (const path of paths) await storing('deleting a file', () => unlink(path).catch(absent))
      // The folders are synced too. Otherwise a power cut could bring the files back when no row refers to
      // them any more.
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
          if (stats?.isFile() && now - stats.mtimeMs >= abandonedAfterMs) await rm(path, { force: true })
        }
      }),
  }
}

/**
 * The path of an object. No key contains `~` or `+`, so different keys have different paths. A long name is
 * cut into folders; only such folders end in `+`. Throws `BlobStoreError` if the key is not valid.
 */
function pathOf(objects: string, key: string): string {
  checkKey(key)
  const hash = createHash('sha256').update(key).digest('hex')
  const flat = key.replaceAll('/', '~')
  const pieces = flat.match(new RegExp(`.{1,${maxNameCharacters}}`, 'g')) ?? []
  return join(objects, hash.slice(0, 2), hash.slice(2, 4), pieces.join('+/'))
}

/**
 * Objects never change, so the ETag is made without reading the bytes: of the key, the size and the second of
 * writing. These stay the same over restarts, and in backups that keep file times.
 */
function infoOf(key: string, stats: Stats): BlobInfo {
  const second = Math.floor(stats.mtimeMs / 1000)
  const etag = createHash('sha256').update(`${key}\n${stats.size}\n${second}`).digest('hex').slice(0, 32)
  return { size: stats.size, etag }
}

/**
 * Writes the body and answers the number of bytes. It reads on while it writes, and writes together what came
 * meanwhile: each write costs as much as a small request. What a slow client has sent is written at once.
 * Errors of the body are thrown unchanged.
 */
async function write(file: FileHandle, body: ByteStream): Promise<number> {
  let size = 0
  let held: Uint8Array[] = []
  let heldBytes = 0
  let writing: Promise<void> | undefined
  const writeHeld = async () => {
    while (held.length > 0) {
      const chunks = held
      held = []
      heldBytes = 0
      await storing('writing a file', () => writeAll(file, chunks))
    }
  }
  try {
    for await (const chunk of body) {
      size += chunk.length
      held.push(chunk)
      heldBytes += chunk.length
      if (writing === undefined) {
        writing = writeHeld().then(() => {
          writing = undefined
        })
        // The failure is thrown below. Without this, the process would end before.
        writing.catch(() => undefined)
      }
      if (heldBytes >= maxHeldBytes) await writing
    }
    await writing
  } finally {
    // The file is closed next.
    await writing?.catch(() => undefined)
  }
  return size
}

/** Writes the chunks one after the other, also where the system takes only a part of them at a time. */
async function writeAll(file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  const { bytesWritten } = await file.writev(chunks)
  const total = chunks.reduce((sum, { length }) => sum + length, 0)
  if (bytesWritten < total) await file.writeFile(Buffer.concat(chunks).subarray(bytesWritten))
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
  const [stats] = await Promise.all([lstat(path), flushFolder(folder)])
  return infoOf(key, stats)
}

interface DurableFolders {
  /** Makes the folder if it is missing. Resolves when its name and those of its parents are on disk. */
  make(path: string): Promise<void>
  /**
   * Throws the error again. Its cause may be that somebody has removed folders, so the next `make` makes and
   * syncs all folders again.
   */
  forget(error: unknown): never
}

/**
 * The folders below `top`, which must exist. The name of a folder is durable when its parent folder is
 * synced. A process that made a folder may have ended before that. So each process syncs every folder once,
 * at the first use.
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

/** Whether two files have the same bytes. A symlink does not count as a file. */
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

/** Opens a regular file; undefined if there is none or something else has its name. */
export async function openFile(path: string): Promise<{ file: FileHandle; stats: Stats } | undefined> {
  const file = await open(path, readFlags).catch(absent)
  if (!file) return undefined
  const stats = await file.stat()
  if (stats.isFile()) return { file, stats }
  await file.close()
  return undefined
}

/**
 * The bytes of the range in chunks, read only as fast as the reader takes them. The file is closed at the
 * end, after an error and on cancel.
 */
export function readFile(file: FileHandle, range: ByteRange): ByteStream {
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

/** The names of all objects, relative to `folder`, depth first. Symlinks are neither followed nor listed. */
async function* filesBelow(folder: string, name: string, depth: number): AsyncGenerator<string> {
  const entries =
    (await storing('listing a folder', () => readdir(folder, { withFileTypes: true }).catch(absent))) ?? []
  for (const entry of entries) {
    if (entry.isFile() && depth >= 2) yield name + entry.name
    if (!entry.isDirectory()) continue
    // The first two levels are digits of the hash. Deeper folders are parts of a long name.
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
