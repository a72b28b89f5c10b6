import { type R2BucketLike, r2Store } from '../blobs/r2.ts'
import { s3Store } from '../blobs/s3.ts'
import { type Config, ConfigError, outboundRules, readConfig } from '../config.ts'
import { d1 } from '../db/engines/d1.ts'
import { pathOf } from '../http/mount.ts'
import { failure } from '../http/respond.ts'
import { lineLog } from '../log.ts'
import { inlineVoice } from '../media/voice/inline.ts'
import { Metrics } from '../metrics.ts'
import type { Executor } from '../operation/executor.ts'
import { optimisticExecutor } from '../operation/optimistic-executor.ts'
import { fetchOutbound } from '../outbound/fetch-outbound.ts'
import { type BlobStore, CannotConvert, type Images, type Outbound } from '../platform.ts'
import { webhookScanner } from '../scan/webhook-scanner.ts'
import { createService, type Platform } from '../service.ts'
import { ensureFirstApp } from '../tenant/first-app.ts'
import { eraseUser } from '../user/erase.ts'
import { version } from '../version.ts'
import { nextAttempts } from '../webhook/webhook.ts'
import type { ImagesLike } from './worker/cloudflare-images.ts'
import { EventHub } from './worker/hub.ts'
import { type HubsLike, sourceOn, telling } from './worker/hub-source.ts'
import { ping } from './worker/ping.ts'
import { overLimit, type RateLimitLike } from './worker/rate-limit.ts'
import { inlineSha256 } from './worker/sha256.ts'
import { shardsOf } from './worker/shards.ts'
import { loadWasm, MAX_PICTURE_BYTES } from './worker/wasm.ts'

interface Bindings {
  readonly FILES?: R2BucketLike
  readonly RATE_LIMITER?: RateLimitLike
  readonly HUB?: HubsLike
  readonly IMAGES?: ImagesLike
  /**
   * Static assets. Cloudflare answers their URLs before it asks the Worker; `npm run dev:worker` does not.
   */
  readonly ASSETS?: { fetch(request: Request): Promise<Response> }
  readonly [name: string]: unknown
}

interface ExecutionContextLike {
  waitUntil(work: Promise<unknown>): void
}

const json = { 'content-type': 'application/json', 'retry-after': '10' }

let images: Images | undefined

/** The service with these bindings. Each isolate makes it once, at its first request. */
function start(bindings: Bindings) {
  const texts = Object.entries(bindings).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  )
  const config = readConfig(Object.fromEntries(texts))
  const metrics = new Metrics()
  const log = lineLog(config.LOG_LEVEL, line => console.log(line))
  const shards = shardsOf(bindings)
  let recorded = 0
  const executors = new Map(
    [...shards.databases].map(([name, database]) => {
      const executor = optimisticExecutor(d1(database), { metrics })
      const ring = async (app_id: string) => {
        recorded++
        await bindings.HUB?.get(bindings.HUB.idFromName(app_id)).ring()
      }
      return [name, telling(executor, ring)]
    }),
  )
  const executorFor = (app_id: string) => executors.get(shards.bindingFor(app_id)) as Executor
  const outbound = fetchOutbound(outboundRules(config))
  const { app, jobs, prepare } = createService({
    config,
    executorFor,
    executors: [...executors.values()],
    clock: Date.now,
    log,
    metrics,
    appTtlMs: 5000,
    version,
    addressOf: ({ req }) => req.raw.headers.get('cf-connecting-ip') ?? '',
    trustsProxy: true,
    endsRequests: true,
    outbound,
    scanner: scannerOf(config, outbound),
    hash: inlineSha256,
    files: {
      blobs: blobsOf(config, bindings),
      withoutLine: true,
      images: {
        // The decoders are loaded with the first picture, because a cold start pays for all that it loads.
        async resize(picture, request) {
          images ??= await imagesOf(bindings)
          return images.resize(picture, request)
        },
      },
      voice: inlineVoice({
        amr: async () => (await import('../../dist/amr.wasm')).default,
        opus: async () => (await import('../../dist/opus.wasm')).default,
        mp3: async () => (await import('../../node_modules/wasm-media-encoders/wasm/mp3.wasm')).default,
      }),
      videos: { frame: () => Promise.reject(new CannotConvert('this server makes no pictures of videos')) },
    },
    eventSourceFor: (app, executor) => sourceOn(bindings.HUB, app, executor),
    ready: async () => {
      for (const executor of executors.values()) await executor.read(ping({}))
    },
    premises: {
      runtime: 'workers',
      store: config.files.store === 's3' ? 's3' : 'r2',
      // An isolate has no clock before its first request, which is when this runs.
      startedAt: Date.now(),
    },
  })
  // Both calls run at once, so a cold start takes one round trip.
  const prepared = async () => {
    const first =
      config.APP_SECRET === undefined
        ? undefined
        : ensureFirstApp(executorFor(config.APP_ID ?? 'demo'), { ...config, alone: true }, log)
    await Promise.all([first, prepare(config.APP_ID)])
  }
  return { app, prepared: prepared(), jobs, executors: [...executors.values()], recorded: () => recorded }
}

/** With the binding IMAGES, Cloudflare Images makes what is too large for an isolate. */
async function imagesOf({ IMAGES }: Bindings): Promise<Images> {
  const [{ wasmImages }, { withCloudflareImages }] = await Promise.all([
    import('../media/wasm-images.ts'),
    import('./worker/cloudflare-images.ts'),
  ])
  const own = wasmImages(loadWasm, MAX_PICTURE_BYTES)
  return IMAGES === undefined ? own : withCloudflareImages(own, IMAGES)
}

/**
 * The store of the files: S3 if it is configured, else the bucket bound as FILES. With R2's S3 API clients
 * can upload directly to the bucket, without the Worker.
 */
function blobsOf({ files, SENDFILE }: Config, { FILES }: Bindings): BlobStore {
  if (SENDFILE !== undefined)
    throw new ConfigError('SENDFILE is for a proxy in front of a server: leave it out')
  if (files.store === 's3') return s3Store(files.s3)
  if (FILES === undefined) throw new ConfigError('bind an R2 bucket as FILES, or set S3_BUCKET')
  return r2Store(FILES)
}

/** The virus scanner. A Worker asks one behind a URL; it opens no connection to clamd. */
function scannerOf({ scan }: Config, outbound: Outbound): Platform['scanner'] {
  if (scan === undefined) return undefined
  if (scan.is === 'clamd') throw new ConfigError('SCAN must be the URL of a scanner on Workers')
  const refusal = outbound.refusalOf(scan.url)
  if (refusal !== undefined) throw new ConfigError(`SCAN ${refusal}`)
  return {
    scanner: webhookScanner(scan, { outbound, clock: Date.now }),
    onFailure: scan.onFailure,
  }
}

let service: ReturnType<typeof start> | undefined

/** The service, ready for requests. Throws if it is set up wrongly; the next request then tries again. */
async function started(bindings: Bindings): Promise<ReturnType<typeof start>> {
  try {
    service ??= start(bindings)
    await service.prepared
    return service
  } catch (error) {
    service = undefined
    throw error
  }
}

async function respond(
  request: Request,
  bindings: Bindings,
  context: ExecutionContextLike,
): Promise<Response> {
  if (bindings.ASSETS !== undefined && new URL(request.url).pathname === '/docs/reference.js')
    return bindings.ASSETS.fetch(request)
  let running: ReturnType<typeof start>
  try {
    running = await started(bindings)
  } catch (error) {
    console.error(JSON.stringify({ level: 'error', event: 'start', error: String(error) }))
    return new Response(failure(503, 'this service is not set up: its log says what is missing'), {
      status: 503,
      headers: json,
    })
  }
  const refused = await overLimit(bindings.RATE_LIMITER, request)
  if (refused !== undefined) return refused
  const before = running.recorded()
  const response = await running.app.fetch(request)
  // No process is left here afterwards to deliver webhooks. So a request that was answered while events were
  // recorded delivers them.
  if (running.recorded() !== before) context.waitUntil(tellWebhooks(bindings))
  return response
}

/**
 * Delivers what webhooks have to hear now. The app's hub makes the next attempt for what failed, or without a
 * hub the cron trigger.
 */
async function tellWebhooks(bindings: Bindings): Promise<void> {
  const { jobs, executors } = await started(bindings)
  await jobs.runNow('deliver-webhooks')
  const { HUB } = bindings
  if (HUB === undefined) return
  for (const executor of executors)
    for (const { app_id, next_at } of await executor.read(nextAttempts({})))
      await HUB.get(HUB.idFromName(app_id)).retryAt(next_at)
}

/** The runtime makes Durable Objects only from classes that the main module exports. */
export class Hub extends EventHub<Bindings> {
  protected tellWebhooks(): Promise<void> {
    return tellWebhooks(this.env)
  }
}

/**
 * Begins to erase the user that the request was about. What the time is too short for is left to the cron
 * trigger.
 */
async function goOnErasing(bindings: Bindings): Promise<void> {
  const { jobs } = await started(bindings)
  await jobs.runNow('erase-users')
  await tellWebhooks(bindings)
}

export default {
  fetch(request: Request, bindings: Bindings, context: ExecutionContextLike): Promise<Response> {
    const response = respond(request, bindings, context)
    // The request is finished also when its caller disconnects. Otherwise the runtime could stop it at any
    // point, such as after storing a file and before recording it.
    context.waitUntil(response)
    if (pathOf(request) === eraseUser.path) context.waitUntil(response.then(() => goOnErasing(bindings)))
    return response
  },
  /** The cron trigger runs the jobs that servers run in the background. */
  async scheduled(_event: unknown, bindings: Bindings): Promise<void> {
    const { jobs } = await started(bindings)
    await jobs.runDue()
  },
}
