import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { folderStore } from '../../../src/blobs/folder.ts'
import { readConfig } from '../../../src/config.ts'
import { betterSqlite3 } from '../../../src/db/engines/better-sqlite3.ts'
import { migrate } from '../../../src/db/migrate.ts'
import { eventLoop } from '../../../src/entry/event-loop.ts'
import { nativeSha256 } from '../../../src/entry/sha256.ts'
import { Metrics } from '../../../src/metrics.ts'
import { serialExecutor } from '../../../src/operation/serial-executor.ts'
import { runTask } from '../../../src/operation/task.ts'
import { nodeOutbound } from '../../../src/outbound/node-outbound.ts'
import { createService } from '../../../src/service.ts'
import { newApp } from '../../../src/tenant/first-app.ts'
import { saveApp } from '../../../src/tenant/registry.ts'

const unused = () => Promise.reject(new Error('not in this story'))

/** The service in this process, on real files, as a start makes it. */
export async function newInstance(data: string, secret?: string) {
  mkdirSync(data, { recursive: true })
  const engine = betterSqlite3(join(data, 'cohort.db'))
  engine.rows('SELECT count(*) FROM sqlite_schema')
  await engine.repair()
  migrate(engine)
  const executor = serialExecutor(engine, { loop: eventLoop })
  if (secret !== undefined)
    await runTask(
      executor,
      saveApp('demo', () => newApp('demo', secret)),
      Date.now(),
    )
  const { app, jobs } = createService({
    config: readConfig({ PUBLIC_URL: 'http://story' }),
    executorFor: () => executor,
    executors: [executor],
    clock: Date.now,
    log: { info() {}, warn() {}, error() {} },
    metrics: new Metrics(),
    appTtlMs: 1000,
    version: 'story',
    addressOf: () => '',
    trustsProxy: false,
    hash: nativeSha256,
    outbound: nodeOutbound({ allowedNetworks: [], allowHttp: false }),
    files: {
      blobs: folderStore(join(data, 'files')),
      images: { resize: unused },
      videos: { frame: unused },
      voice: { toMp3: unused },
    },
    ready: () => undefined,
    premises: { runtime: 'test', store: 'folder', startedAt: 0 },
  })
  return {
    app,
    collect: () => jobs.runAll(),
    async end() {
      await executor.drain()
      engine.close()
    },
  }
}

export type Instance = Awaited<ReturnType<typeof newInstance>>
