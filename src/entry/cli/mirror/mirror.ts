import { createHash } from 'node:crypto'
import type { SerialEngine } from '../../../db/engine.ts'
import { objectState } from '../../../db/states.ts'
import { type BlobStore, BlobStoreError, type ByteStream } from '../../../platform.ts'
import type { Progress } from '../progress.ts'
import { countStored, isStored, type StoredFile, stateOf, storedFiles } from './stored-files.ts'
import { Transfers } from './transfers.ts'

/** The database, the folder with its files, and the bucket that gets a copy of them. */
export interface Mirror {
  readonly engine: SerialEngine
  readonly folder: BlobStore
  readonly bucket: BlobStore
}

export interface MirrorReport {
  uploaded: number
  /** Bytes of the uploaded files. */
  bytes: number
  /** How many files the bucket had already. */
  kept: number
  deleted: number
  /** Why nothing was deleted; undefined if there was no reason. */
  refused: string | undefined
  /** Stored files whose bytes are missing in the folder. The copy in the bucket stays. */
  readonly missing: string[]
  /** Files that could not be uploaded, each with the reason. */
  readonly failed: string[]
  /** Files whose copy had other bytes, and was replaced. Only looked for with `verify`. */
  readonly damaged: string[]
}

export interface MirrorOptions {
  /** Reads every copy back and compares it with the file. */
  readonly verify: boolean
  /** Which copies are deleted: those of files that the database does not have any more. */
  readonly deletes: 'none' | 'few' | 'all'
  /** Chooses the copies that are deleted now among those of deleted files. */
  due(copies: readonly string[]): Promise<readonly string[]>
}

/** More copies than this share of the bucket, and more than this many, are only deleted by force. */
const fewShare = 0.1
const fewFiles = 100

/**
 * The keys of files: `app/kind/id`. Nothing else in the bucket is ever deleted, such as a replica of the
 * database that somebody keeps beside the files.
 */
const fileKey = /^[\w-]{1,64}\/[a-z]+\/[0-9a-z]+$/

/**
 * Uploads every stored file that the bucket does not have. Both sides are read in the order of names, so that
 * a million files need no memory. A file appears in the bucket when it is complete, so a run that was killed
 * is simply repeated. May run beside the service. Throws `BlobStoreError` if the bucket cannot be used.
 */
export async function mirrorFiles(
  mirror: Mirror,
  { verify, deletes, due }: MirrorOptions,
  progress: Progress,
): Promise<MirrorReport> {
  const { engine, bucket } = mirror
  const transfers = new Transfers()
  const report: MirrorReport = {
    uploaded: 0,
    bytes: 0,
    kept: 0,
    deleted: 0,
    refused: undefined,
    missing: [],
    failed: transfers.failed,
    damaged: [],
  }
  await bucket.probe?.()
  const total = countStored(engine)
  const superfluous: string[] = []
  const keys = bucket.list('')[Symbol.asyncIterator]()
  let next = await keys.next()
  let done = 0
  const finishOne = () => progress(++done, total)

  for (const file of storedFiles(engine)) {
    while (!next.done && next.value < file.object_name) {
      superfluous.push(next.value)
      next = await keys.next()
    }
    const isThere = !next.done && next.value === file.object_name
    if (isThere) next = await keys.next()
    if (isThere && !verify) {
      report.kept++
      finishOne()
      continue
    }
    await transfers.add(file.object_name, async () => {
      if (isThere && (await hasSameBytes(mirror, file))) report.kept++
      else {
        if (isThere) {
          await bucket.delete([file.object_name])
          report.damaged.push(file.object_name)
        }
        await uploadFile(mirror, file, report)
      }
      finishOne()
    })
  }
  for (; !next.done; next = await keys.next()) superfluous.push(next.value)
  await transfers.end()
  if (deletes === 'none') return report
  const gone = goneFiles(mirror, superfluous)
  if (deletes === 'few') report.refused = refusalOfMany(gone.length, report)
  if (report.refused !== undefined) return report
  const now = await due(gone)
  if (now.length > 0) {
    // The decisions to delete these files must be on disk before their copies are deleted.
    await engine.repair()
    await bucket.delete(now)
  }
  report.deleted = now.length
  return report
}

/** Uploads one file and asks the bucket for its size. Throws `BlobStoreError`. */
export async function uploadFile(
  { engine, folder, bucket }: Mirror,
  { object_name, size, content_type }: StoredFile,
  report: Pick<MirrorReport, 'uploaded' | 'bytes' | 'missing'>,
): Promise<void> {
  const body = await folder.get(object_name)
  if (body === undefined) {
    // The service may have deleted the file since its row was read.
    if (isStored(engine, object_name)) report.missing.push(object_name)
    return
  }
  // A second run at the same time may have uploaded the file. Then the put fails, and the size is right.
  const failure = await bucket.put(object_name, body, { size, contentType: content_type }).then(
    () => undefined,
    (error: unknown) => error,
  )
  const there = await bucket.head(object_name)
  if (there?.size !== size)
    throw failure ?? new BlobStoreError(`the bucket has ${there?.size ?? 'no'} bytes of ${size}`)
  report.uploaded++
  report.bytes += size
}

async function hasSameBytes({ folder, bucket }: Mirror, { object_name }: StoredFile): Promise<boolean> {
  const [file, copy] = [await folder.get(object_name), await bucket.get(object_name)]
  // If the file itself is missing, its copy is the last one. It is not touched.
  if (file === undefined) {
    await copy?.cancel()
    return true
  }
  const [one, other] = await Promise.all([hashOf(file), copy === undefined ? undefined : hashOf(copy)])
  return one === other
}

async function hashOf(body: ByteStream): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of body) hash.update(chunk)
  return hash.digest('hex')
}

/** The copies of files that the database does not have any more. */
const goneFiles = ({ engine }: Mirror, keys: readonly string[]): string[] =>
  keys.filter(key => {
    if (!fileKey.test(key)) return false
    const state = stateOf(engine, key)
    return state === undefined || state === objectState.released
  })

/**
 * Why so many copies are not deleted: the database may be a new or a wrong one, and the copies may be the
 * last ones. undefined if they are few.
 */
function refusalOfMany(gone: number, { kept, uploaded }: MirrorReport): string | undefined {
  const here = kept + uploaded
  const most = here === 0 ? 0 : Math.max(fewFiles, fewShare * (here + gone))
  if (gone <= most) return undefined
  return `${gone} files in the bucket are unknown to this database, which has ${here}: nothing was deleted; if this is the right database, --force deletes them`
}
