import { mkdirSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { type Config, outboundRules } from '../../config.ts'
import { everyApp } from '../../events/record.ts'
import { forgetAllEvents } from '../../events/retention.ts'
import { hostOf } from '../../http/address.ts'
import { jsonLog } from '../../log.ts'
import { Metrics } from '../../metrics.ts'
import { serialExecutor } from '../../operation/serial-executor.ts'
import { runTask, task } from '../../operation/task.ts'
import { nodeOutbound } from '../../outbound/node-outbound.ts'
import type { BlobStore, Log } from '../../platform.ts'
import { createService } from '../../service.ts'
import { ensureFirstApp } from '../../tenant/first-app.ts'
import { version } from '../../version.ts'
import { eventLoop } from '../event-loop.ts'
import type { Runtime } from '../runtime.ts'
import { nativeSha256 } from '../sha256.ts'
import { type Command, noPositionals } from './command.ts'
import { addCopyAges } from './copies/copy-ages.ts'
import { watchReplica } from './copies/watch-replica.ts'
import { blobStore, databaseFile, objectsFolder, openServedData } from './data.ts'
import { claimData } from './data-claim.ts'
import { warnOfReaders } from './privacy.ts'
import { addProcessMetrics } from './process-metrics.ts'
import { proxySender } from './proxy-sender.ts'
import { probe, readiness } from './readiness.ts'
import { sayScannerTrouble, scannerOf } from './scanner.ts'
import { startScheduledBackup } from './scheduled-backup.ts'
import { welcome } from './welcome.ts'

/** How long a stop waits for requests that are being answered, milliseconds. */
const stopGraceMs = 10_000

export const serveCommand: Command = {
  name: 'serve',
  summary: 'run the service',
  help: `Usage: cohort serve

Runs the service in the foreground until SIGTERM or SIGINT; a second signal stops it at once. Creates DATA_DIR and its database if need be.
  --no-events   forgets all events and records none, to measure what recording costs: readers of events begin anew

Settings come from the environment: PORT, HOST, DATA_DIR and the others that the README lists.
`,
  options: { 'no-events': { type: 'boolean' } },
  run(invocation) {
    noPositionals(invocation)
    return serve(invocation.runtime, invocation.config, invocation.options['no-events'] !== true)
  },
}

/** Runs the service until it gets a signal to stop. Resolves with the exit code. */
async function serve(runtime: Runtime, config: Config, recordsEvents: boolean): Promise<number> {
  const log = jsonLog(config.LOG_LEVEL, text => process.stdout.write(text))
  const metrics = new Metrics()
  mkdirSync(config.DATA_DIR, { recursive: true, mode: 0o700 })
  const claim = claimData(runtime, config)
  const { engine, applied } = await openServedData(runtime, config)
  warnOfReaders(config, log)
  if (applied.length > 0) log.info({ event: 'migrated', migrations: applied })
  addProcessMetrics(metrics, databaseFile(config))
  const executor = serialExecutor(engine, {
    loop: eventLoop,
    queueLimit: config.WRITE_QUEUE,
    metrics,
    log,
    recordsEvents,
  })
  if (!recordsEvents) engine.exec(forgetAllEvents)
  const first = await ensureFirstApp(executor, config, log)
  const blobs = blobStore(config)
  const backups = startScheduledBackup(runtime, config, log, undefined, ({ name, bytes }) => {
    const event = { kind: 'backup.made', app_id: everyApp, name, bytes } as const
    return runTask(executor, task({ decide: () => ({ data: null, events: [event] }) }), Date.now())
  })
  let turn = 0
  const replica = config.LITESTREAM
    ? watchReplica(config.LITESTREAM_METRICS, databaseFile(config), log, () =>
        runTask(executor, probe(turn++), Date.now()),
      )
    : undefined
  const copies = addCopyAges(metrics, config, {
    replica: replica?.replicatedAt,
    backup: config.BACKUP_EVERY === undefined ? undefined : backups.newestAt,
  })

  const outbound = nodeOutbound(outboundRules(config))
  const scanner = scannerOf(config, outbound)
  const { app, jobs, prepare, endStreams } = createService({
    config,
    executorFor: () => executor,
    executors: [executor],
    clock: Date.now,
    log,
    metrics,
    appTtlMs: 1000,
    version,
    addressOf: config.TRUST_PROXY ? forwardedFor(runtime) : runtime.addressOf,
    receivedBody: runtime.receivedBody,
    trustsProxy: config.TRUST_PROXY,
    outbound,
    texts: runtime.texts,
    scanner,
    hash: nativeSha256,
    files: {
      blobs,
      sender: config.SENDFILE === undefined ? runtime.sender : proxySender(objectsFolder(config)),
      images: runtime.images,
      videos: runtime.videos,
      voice: runtime.voice,
      ...(runtime.memoryBody && { memoryBody: runtime.memoryBody }),
    },
    ready: readiness(executor, config.DATA_DIR, blobs),
    premises: {
      runtime: runtime.name,
      store: config.files.store,
      // A megabyte: no start waits for it.
      reference: async () => (await import('../../http/reference.gen.js')).reference,
      startedAt: Date.now(),
      async disk() {
        const { bavail, blocks, bsize } = await statfs(config.DATA_DIR)
        return { free: bavail * bsize, total: blocks * bsize }
      },
      backups,
      copies,
    },
  })
  await prepare()
  const listening = await runtime.listen(app, config.HOST, config.PORT)
  // From the first answer on: whoever has had one may send the signal.
  const signalled = toldToStop(log.flush)
  const checkpoints = config.LITESTREAM
    ? undefined
    : runtime.checkpoints?.(engine, databaseFile(config), {
        failed(error) {
          metrics.add('cohort_checkpoint_failures_total')
          log.error({ event: 'checkpoint', error: String(error) })
        },
      })
  const running = jobs.start()
  log.info({ event: 'listening', host: config.HOST, port: listening.port })
  process.stderr.write(await welcome(runtime.command, config, listening.port, first))
  void sayStoreTrouble(blobs, log)
  void sayScannerTrouble(scanner, log)

  await signalled
  endStreams()
  await listening.close(stopGraceMs)
  await Promise.all([running.stop(), backups.stop(), replica?.stop()])
  outbound.close()
  await executor.drain()
  await checkpoints?.stop()
  engine.close()
  claim.release()
  log.info({ event: 'stopped' })
  log.flush()
  return 0
}

/**
 * Logs at the start that the store cannot be used, so that the operator knows it before somebody uploads. The
 * service starts all the same, because the store may come back.
 */
async function sayStoreTrouble(blobs: BlobStore, log: Log): Promise<void> {
  try {
    await blobs.probe?.()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    log.error({ event: 'store', error: message })
    process.stderr.write(`Files do not work: ${message}\n`)
  }
}

function toldToStop(flush: () => void): Promise<void> {
  return new Promise(resolve => {
    let told = false
    const stop = () => {
      if (told) {
        flush()
        process.exit(1)
      }
      told = true
      resolve()
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}

/**
 * The last address in X-Forwarded-For: the proxy in front of the service has added it. The addresses before
 * it are not trustworthy, because the client can send any.
 */
const forwardedFor =
  (runtime: Runtime): Runtime['addressOf'] =>
  context =>
    hostOf(context.req.raw.headers.get('x-forwarded-for')?.split(',').at(-1)?.trim() ?? '') ||
    runtime.addressOf(context)
