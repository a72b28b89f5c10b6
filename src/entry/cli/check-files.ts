import { eq } from 'drizzle-orm'
import type { SerialEngine } from '../../db/engine.ts'
import { db, query } from '../../db/query.ts'
import { objects } from '../../db/schema.ts'
import { objectState } from '../../db/states.ts'
import { keyAside } from '../../file/hold-file.ts'
import type { BlobStore } from '../../platform.ts'

/**
 * Keys in the bucket that belong to no app, because an app id has no dot: backups in `cohort.backups/`, and a
 * replica that OFFSITE_TO puts into such a folder.
 */
const belongsToNoApp = (key: string): boolean => /^[^/]*\./.test(key)

/** Differences between the database and the store. */
export interface FileProblems {
  /** Stored objects whose bytes are missing or have another size. */
  readonly lost: string[]
  /** Keys in the store that belong to no object. */
  readonly unknown: string[]
}

/**
 * The name of the object that a key belongs to. A thumbnail or other derived file has the name of its object
 * and a suffix.
 */
const objectNameOf = (key: string): string => /^[^/]+\/[^/]+\/[0-9a-z]+/.exec(key)?.[0] ?? key

/**
 * Checks that every stored object has its bytes, and that every key in the store has an object. May run
 * beside the service: it checks every difference a second time, because the service may have caused it
 * meanwhile.
 */
export async function checkFiles(engine: SerialEngine, blobs: BlobStore): Promise<FileProblems> {
  const lost: string[] = []
  for (const [name, size] of storedObjects(engine)) {
    // A file under quarantine may have been moved away from presigned URLs.
    const info = (await blobs.head(name)) ?? (blobs.move && (await blobs.head(keyAside(name))))
    if (info?.size === size) continue
    if (stateOf(engine, name) === objectState.stored) lost.push(name)
  }
  const suspects = new Set<string>()
  for await (const key of blobs.list('')) {
    if (belongsToNoApp(key) || stateOf(engine, objectNameOf(key)) !== undefined) continue
    suspects.add(key)
  }
  // The garbage collection may have deleted a file since the first listing. Such a file is not in the second
  // one.
  const unknown: string[] = []
  if (suspects.size > 0) for await (const key of blobs.list('')) if (suspects.has(key)) unknown.push(key)
  return { lost, unknown }
}

const storedObjects = (engine: SerialEngine): readonly (readonly [name: string, size: number])[] =>
  engine
    .rows(`SELECT object_name, size FROM objects WHERE state = ${objectState.stored}`)
    .map(([name, size]) => [String(name), Number(size)])

const stateOfObject = query<{ name: string }>()(p =>
  db.select({ state: objects.state }).from(objects).where(eq(objects.object_name, p.name)),
)

/** The state of an object, or undefined if there is none. */
function stateOf(engine: SerialEngine, name: string): number | undefined {
  const [row] = engine.all(stateOfObject({ name }))
  return row === undefined ? undefined : Number(row[0])
}
