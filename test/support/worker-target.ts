import { cpSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { commandTarget } from './command-target.ts'
import { removeFolder, run, temporaryFolder } from './process.ts'
import type { Target } from './target.ts'

/** The files in which the local simulator keeps the D1 databases of a data folder. */
export function d1Files(data: string): string[] {
  const folder = join(data, 'v3', 'd1', 'miniflare-D1DatabaseObject')
  const names = readdirSync(folder).filter(name => name.endsWith('.sqlite') && name !== 'metadata.sqlite')
  return names.map(name => join(folder, name))
}

export interface Prepared {
  /** A data folder with the built Worker and its databases, migrated and empty. */
  readonly folder: string
  remove(): Promise<void>
}

/** Builds the Worker and its databases once, for all the instances of a test file. */
export async function prepareWorker(environment: Readonly<Record<string, string>> = {}): Promise<Prepared> {
  const folder = temporaryFolder()
  const { code, stderr } = await run(['node', 'scripts/dev-worker.mjs', '--prepare'], {
    DATA_DIR: folder,
    ...environment,
  })
  if (code !== 0) throw new Error(stderr)
  return { folder, remove: () => removeFolder(folder) }
}

/**
 * The Worker in workerd, with local D1 and R2. It has no command line: since a local D1 database is an SQLite
 * file of the same schema, Node's sets it up and checks it.
 */
export const workerTarget = (prepared: () => Prepared): Target =>
  commandTarget('worker', ['node', 'dist/cohort.js'], {
    service: ['node', 'scripts/dev-worker.mjs', '--prepared'],
    pace: 'slow',
    appTtl: 5200,
    cron: '/cdn-cgi/handler/scheduled',
    async prepare(data) {
      cpSync(prepared().folder, data, { recursive: true })
      const [database = ''] = d1Files(data)
      symlinkSync(database, join(data, 'cohort.db'))
    },
  })
