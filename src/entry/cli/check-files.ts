import type { SerialEngine } from '../../db/engine.ts'
import { objectState } from '../../db/states.ts'

import type { BlobStore } from '../../platform.ts'
import { bucketPrefix } from './bucket-backup.ts'

/** What is wrong between the database and the store. */
export interface FileProblems {
  /** Stored objects whose bytes are not there, or are of another size. */
  readonly lost: string[]
  /** Keys in the store that no object has. */
  readonly unknown: string[]
}

/** The name of the object that a key belongs to: what was made from an object has its name and a suffix. */
const objectNameOf = (key: string): string => /^[^/]+\/[^/]+\/[0-9a-z]+/.exec(key)?.[0] ?? key

/**
 * Looks whether every stored object has its bytes and every key of the store an object. May run beside the service:
 * what looks wrong is looked up again, for it may have changed meanwhile.
 */
export async function checkFiles(engine: SerialEngine, blobs: BlobStore): Promise<FileProblems> {
  const lost: string[] = []
  for (const [name, size] of storedObjects(engine)) {
    const info = await blobs.head(name)
    if (info?.size === size) continue
    if (stateOf(engine, name) === objectState.stored) lost.push(name)
  }
  const suspects = new Set<string>()
  for await (const key of blobs.list('')) {
    if (key.startsWith(bucketPrefix) || stateOf(engine, objectNameOf(key)) !== undefined) continue
    suspects.add(key)
  }
  // A file that was collected meanwhile was listed before, and is not listed again.
  const unknown: string[] = []
  if (suspects.size > 0) for await (const key of blobs.list('')) if (suspects.has(key)) unknown.push(key)
  return { lost, unknown }
}

const storedObjects = (engine: SerialEngine): readonly (readonly [name: string, size: number])[] =>
  engine
    .rows(`SELECT object_name, size FROM objects WHERE state = ${objectState.stored}`)
    .map(([name, size]) => [String(name), Number(size)])

function stateOf(engine: SerialEngine, name: string): number | undefined {
  const [row] = engine.rows(`SELECT state FROM objects WHERE object_name = '${name.replaceAll("'", "''")}'`)
  return row === undefined ? undefined : Number(row[0])
}
