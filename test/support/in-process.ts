import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { type Verdict, verifyApp } from '../../src/audit/verify.ts'
import { folderStore } from '../../src/blobs/folder.ts'
import { readConfig } from '../../src/config.ts'
import { betterSqlite3 } from '../../src/db/engines/better-sqlite3.ts'
import { invariants } from '../../src/db/invariants.ts'
import { migrate } from '../../src/db/migrate.ts'
import type { Bound } from '../../src/db/query.ts'
import { eventLoop } from '../../src/entry/event-loop.ts'
import { nativeSha256 } from '../../src/entry/sha256.ts'
import { sharpDecodeCost } from '../../src/media/decode-cost.ts'
import { ffmpegVideos } from '../../src/media/ffmpeg-videos.ts'
import { processImages, V8_CONVERTER_BYTES } from '../../src/media/process/images.ts'
import { serverVoice } from '../../src/media/voice/server-voice.ts'
import { Metrics } from '../../src/metrics.ts'
import { serialExecutor } from '../../src/operation/serial-executor.ts'
import { runTask } from '../../src/operation/task.ts'
import { networksIn } from '../../src/outbound/address.ts'
import { nodeOutbound } from '../../src/outbound/node-outbound.ts'
import { createService } from '../../src/service.ts'
import { newApp } from '../../src/tenant/first-app.ts'
import { appRow, saveApp, toApp } from '../../src/tenant/registry.ts'
import { read } from '../../src/transfer/read.ts'
import type { Reachable } from './client.ts'
import { removeFolder, temporaryFolder } from './process.ts'

/**
 * The service in this process, over HTTP and on a database file as ever, but with a clock that the test sets.
 */
export interface ClockedInstance extends Reachable {
  /** Milliseconds since 1970, as the service sees it. */
  now(): number
  /** Moves the service's clock, also back. */
  advance(ms: number): void
  setApp(settings: Readonly<Record<string, boolean | number | string>>): Promise<void>
  /** Has the keys at this URL sign the app's tokens instead of its secrets. */
  setJwks(url: string): Promise<void>
  /** Stops it and starts it again on the same data, under another address. */
  restart(): Promise<void>
  /** Does at once what the service does by itself. */
  tidy(): Promise<void>
  /** Rules that do not hold. */
  broken(): string[]
  /** Checks the chain of the audit trail, as `cohort audit verify` does. */
  verify(): Promise<Verdict>
  stop(): Promise<void>
}

/** A Monday noon: any time will do, but for one that is now. */
const start = Date.UTC(2031, 5, 2, 12)

export async function startClocked(): Promise<ClockedInstance> {
  const folder = temporaryFolder()
  const app_id = 'clocked'
  const secret = 'a-secret-of-the-clocked-app'
  let now = start
  const clock = () => now

  const open = async () => {
    const engine = betterSqlite3(join(folder, 'cohort.db'))
    migrate(engine)
    const executor = serialExecutor(engine, { loop: eventLoop })
    const { app, jobs, prepare } = createService({
      config: readConfig({}),
      executorFor: () => executor,
      executors: [executor],
      clock,
      log: { info() {}, warn() {}, error: line => console.error(line) },
      metrics: new Metrics(),
      // What is known of an app is never too old: settings change while the clock stands still.
      appTtlMs: 0,
      version: 'test',
      addressOf: () => '',
      trustsProxy: false,
      hash: nativeSha256,
      outbound: nodeOutbound({ allowedNetworks: networksIn('127.0.0.0/8'), allowHttp: true }),
      files: {
        blobs: folderStore(join(folder, 'files')),
        images: processImages(
          [process.execPath, 'dist/picture-process.js'],
          sharpDecodeCost,
          V8_CONVERTER_BYTES,
        ),
        videos: ffmpegVideos(),
        voice: serverVoice(new URL('../../dist/voice-worker.js', import.meta.url)),
      },
      ready: () => void engine.rows('SELECT 1'),
      premises: { runtime: 'test', store: 'folder', startedAt: start },
    })
    await prepare()
    const server = createAdaptorServer({ fetch: app.fetch, createServer }) as Server
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const close = async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
      await executor.drain()
      engine.close()
    }
    return {
      engine,
      executor,
      jobs,
      close,
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    }
  }

  let running = await open()
  await runTask(
    running.executor,
    saveApp(app_id, () => newApp(app_id, secret)),
    now,
  )
  return {
    app_id,
    secret,
    get url() {
      return running.url
    },
    now: clock,
    advance(ms) {
      now += ms
    },
    async setApp(settings) {
      const change = saveApp(app_id, stored => ({ ...(stored ?? newApp(app_id, secret)), settings }))
      await runTask(running.executor, change, now)
    },
    async setJwks(jwks_url) {
      const change = saveApp(app_id, stored => ({ ...(stored ?? newApp(app_id, secret)), jwks_url }))
      await runTask(running.executor, change, now)
    },
    async restart() {
      await running.close()
      running = await open()
    },
    tidy: async () => void (await running.jobs.runAll()),
    broken: () => invariants.filter(({ sql }) => running.engine.rows(sql).length > 0).map(({ rule }) => rule),
    async verify() {
      const look = <Row>(bound: Bound<Row>) => read(running.engine, bound)
      const [row] = look(appRow({ app_id }))
      if (row === undefined) throw new Error('the app is gone')
      return verifyApp(toApp(row), { read: look, hash: nativeSha256, now })
    },
    async stop() {
      await running.close()
      await removeFolder(folder)
    },
  }
}
