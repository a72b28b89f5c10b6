import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

/*
 * How far Litestream is. It copies SQLite's log in two steps. First it copies new changes into its own folder
 * beside the database (it calls these files the shadow log), and then it uploads them. The first step shows
 * in this folder, the second in its metrics. Read from Litestream 0.3.13.
 */

/** A place in Litestream's numbered log files. */
export interface Position {
  /** Changes when Litestream begins anew with a whole copy of the database. */
  readonly generation: string
  /** The number of the log file. */
  readonly index: number
  /** Bytes in that file. */
  readonly offset: number
}

export interface LitestreamFigures {
  /** How often Litestream has copied all new changes into its folder, since it was started. */
  readonly copies: number
  /** Up to where it has uploaded; undefined until the first upload since it was started. */
  readonly uploaded: { readonly index: number; readonly offset: number } | undefined
}

/** The position up to which changes are in Litestream's folder; undefined if there is none yet. */
export async function copiedPosition(databaseFile: string): Promise<Position | undefined> {
  const folder = join(dirname(databaseFile), `.${basename(databaseFile)}-litestream`)
  try {
    const generation = (await readFile(join(folder, 'generation'), 'utf8')).trim()
    const logs = join(folder, 'generations', generation, 'wal')
    const newest = (await readdir(logs))
      .filter(name => /^[0-9a-f]{8}\.wal$/.test(name))
      .sort()
      .at(-1)
    if (newest === undefined) return undefined
    const { size } = await stat(join(logs, newest))
    return { generation, index: Number.parseInt(newest, 16), offset: size }
  } catch {
    // Litestream has not begun yet, or is just beginning a generation.
    return undefined
  }
}

/** Reads Litestream's metrics. Throws if it does not answer or does not replicate this database. */
export async function litestreamFigures(url: string, databaseFile: string): Promise<LitestreamFigures> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) })
  const text = await response.text()
  const figures = new Map<string, number>()
  for (const [, name = '', database, value] of text.matchAll(
    /^(litestream_\w+)\{db="((?:[^"\\]|\\.)*)"[^}]*\} (\S+)$/gm,
  )) {
    if (resolve(database ?? '') !== resolve(databaseFile)) continue
    // With several replicas, the one that is furthest behind counts.
    figures.set(name, Math.min(Number(value), figures.get(name) ?? Number.POSITIVE_INFINITY))
  }
  const syncs = figures.get('litestream_sync_count')
  if (syncs === undefined) throw new Error(`Litestream does not replicate ${databaseFile}`)
  const [index, offset] = ['index', 'offset'].map(part => figures.get(`litestream_replica_wal_${part}`))
  return {
    copies: syncs - (figures.get('litestream_sync_error_count') ?? 0),
    uploaded: index === undefined || offset === undefined ? undefined : { index, offset },
  }
}
