import * as z from 'zod'
import { enveloped, type Route } from '../http/route.ts'
import { HttpError, Refusal, refuse } from '../operation/errors.ts'

/* The service itself, for whoever runs it. */

const none = z.object({})
const time = z.int().describe('milliseconds')
const backupFile = z.object({ name: z.string(), bytes: z.int(), made_at: time })

const health = z.object({
  version: z.string(),
  runtime: z.string().describe('node, bun, deno or workers'),
  store: z.string().describe('where the bytes are: folder, s3 or r2'),
  started_at: time,
  now: time,
  ready: z.boolean(),
  disk: z.object({ free: z.int(), total: z.int() }).nullable().describe('bytes; null where there is none'),
  last_backup: backupFile.nullable(),
  figures: z
    .record(z.string(), z.number())
    .describe('counters since the start, and gauges, as /metrics has them'),
  warnings: z.array(z.string()).describe('what wants to be looked at, in words'),
})

/** A replica that is further behind is a warning, milliseconds. */
const lateMs = 60_000
const day = 24 * 3_600_000
/** A disk is called nearly full if less than this share of it is free. */
const minFreeShare = 0.05

export const getHealth: Route = {
  id: 'get__operator_health',
  methods: ['GET'],
  path: '/operator/health',
  title: 'Get how the service is',
  description: 'On Workers, the figures are those of one isolate.',
  tag: 'operator',
  who: 'operator',
  query: none,
  answers: { 200: { description: 'How it is', content: { 'application/json': enveloped(health) } } },
  async handle(exchange) {
    const { premises, metrics, clock, ready, jobs } = exchange.service
    const trouble = await Promise.resolve()
      .then(ready)
      .then(
        () => undefined,
        error => (error instanceof HttpError ? error.message : 'the database does not answer'),
      )
    const disk = (await premises.disk?.().catch(() => undefined)) ?? null
    const backups = premises.backups
    const [last] = (await backups?.list().catch(() => [])) ?? []
    const now = clock()
    const { replica, mirror } = premises.copies?.() ?? { replica: undefined, mirror: undefined }
    const failing = jobs.list().filter(({ failures }) => failures > 0)
    const warnings = [
      trouble,
      disk !== null && disk.free < disk.total * minFreeShare ? 'the disk is nearly full' : undefined,
      backups !== undefined && last === undefined && replica === undefined
        ? 'there is no backup: set BACKUP_EVERY'
        : undefined,
      replica !== undefined && now - replica > lateMs
        ? 'the replica is more than a minute behind'
        : undefined,
      mirror !== undefined && now - mirror > day ? 'the mirror of the files is older than a day' : undefined,
      last !== undefined && now - last.made_at > 2 * day
        ? 'the last backup is older than two days'
        : undefined,
      ...failing.map(({ name, failures }) => `the job ${name} failed ${failures} times since the start`),
    ]
    return exchange.ok({
      version: premises.version,
      runtime: premises.runtime,
      store: premises.store,
      started_at: premises.startedAt,
      now,
      ready: trouble === undefined,
      disk,
      last_backup: last ?? null,
      figures: metrics.snapshot(),
      warnings: warnings.filter(warning => warning !== undefined),
    } satisfies z.infer<typeof health>)
  },
}

const job = z.object({
  name: z.string(),
  title: z.string().describe('what it does'),
  every_ms: z.int(),
  last_run_at: time.nullable().describe('null: not yet in this process'),
  last_ms: z.int().nullable().describe('how long it took'),
  last_report: z.record(z.string(), z.number()).describe('what it did'),
  failures: z.int().describe('since the start'),
})

export const listJobs: Route = {
  id: 'get__operator_jobs',
  methods: ['GET'],
  path: '/operator/jobs',
  title: 'List what the service does by itself',
  description: '',
  tag: 'operator',
  who: 'operator',
  query: none,
  answers: { 200: { description: 'The jobs', content: { 'application/json': enveloped(z.array(job)) } } },
  handle(exchange) {
    const all = exchange.service.jobs.list()
    return exchange.ok(
      all.map(({ name, title, everyMs, lastRunAt, lastMs, lastReport, failures }) => ({
        name,
        title,
        every_ms: everyMs,
        last_run_at: lastRunAt,
        last_ms: lastMs,
        last_report: lastReport,
        failures,
      })),
    )
  },
}

const which = z.object({ name: z.string({ error: 'must be the name of a job' }).min(1).max(64) })

export const runJob: Route = {
  id: 'post__operator_job_run',
  methods: ['POST'],
  path: '/operator/job/run',
  title: 'Run a job now',
  description: 'Answers what it did when it is done.',
  tag: 'operator',
  who: 'operator',
  query: none,
  takes: { POST: { 'application/json': which } },
  answers: {
    200: {
      description: 'What it did',
      content: { 'application/json': enveloped(z.record(z.string(), z.number())) },
    },
    400: { description: '10002: there is no job of this name' },
  },
  async handle(exchange) {
    const input = await exchange.input(which)
    if (input instanceof Refusal) return input
    const report = await exchange.service.jobs.runNow(input.name)
    return report === undefined
      ? refuse('invalid_parameter', 'name is that of no job: /operator/jobs lists them')
      : exchange.ok(report)
  },
}

const noBackups = 'this service makes no backups itself: D1 has Time Travel, point in time, for 30 days'

export const listBackups: Route = {
  id: 'get__operator_backups',
  methods: ['GET'],
  path: '/operator/backups',
  title: 'List the backups of the database',
  description: 'Newest first. None on Workers, where D1 has Time Travel.',
  tag: 'operator',
  who: 'operator',
  query: none,
  answers: {
    200: { description: 'The backups', content: { 'application/json': enveloped(z.array(backupFile)) } },
  },
  handle: async exchange => exchange.ok((await exchange.service.premises.backups?.list()) ?? []),
}

export const makeBackup: Route = {
  id: 'post__operator_backup_make',
  methods: ['POST'],
  path: '/operator/backup/make',
  title: 'Make a backup of the database now',
  description: 'Where BACKUP_TO says; answers when it is there. Of a running service, without stopping it.',
  tag: 'operator',
  who: 'operator',
  query: none,
  answers: {
    200: { description: 'It is made', content: { 'application/json': enveloped(backupFile) } },
    422: { description: '10009: this service makes no backups itself' },
  },
  async handle(exchange) {
    const { backups } = exchange.service.premises
    return backups === undefined ? refuse('storage_failed', noBackups) : exchange.ok(await backups.make())
  },
}
