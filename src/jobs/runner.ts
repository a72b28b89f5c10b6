import type { Job, JobContext, JobReport, JobRun } from './job.ts'
import { jobs } from './list.ts'

export type { JobContext } from './job.ts'

/** A job, and how its last run in this process went. */
export interface JobStatus {
  readonly name: string
  readonly title: string
  readonly everyMs: number
  /** Milliseconds since 1970; null: it has not run yet. */
  readonly lastRunAt: number | null
  readonly lastMs: number | null
  readonly lastReport: JobReport
  /** Runs and items that failed since the start. */
  readonly failures: number
}

export interface Jobs {
  list(): readonly JobStatus[]
  /** Runs a job now; undefined if there is none of this name. */
  runNow(name: string): Promise<JobReport | undefined>
  /** Runs each job in its own time until stopped. `stop` resolves when the items under way are done. */
  start(): { stop(): Promise<void> }
  /** Runs the jobs whose time has come, one after the other: what a cron trigger calls. */
  runDue(): Promise<void>
  /** Runs every job once, whatever the time; answers what each did, by its name. */
  runAll(): Promise<ReadonlyMap<string, JobReport>>
}

/** Runs the list of jobs: each with a metric and a line in the log, isolated from the others. */
export function jobRunner(context: JobContext): Jobs {
  const lastRun = new Map<string, number>()
  const ended = new Map<string, { readonly ms: number; readonly report: JobReport }>()
  const failures = new Map<string, number>()

  const run = async (job: Job, signal: AbortSignal, untilDone = true): Promise<JobReport> => {
    const { log, metrics, clock } = context
    const startedAt = performance.now()
    lastRun.set(job.name, clock())
    const failed = (error: unknown, item?: string) => {
      metrics.jobFailed(job.name)
      failures.set(job.name, (failures.get(job.name) ?? 0) + 1)
      log.error({ event: 'job', job: job.name, ...(item !== undefined && { item }), error: String(error) })
    }
    const jobRun: JobRun = {
      ...context,
      signal,
      untilDone,
      async attempt(item, action) {
        try {
          await action()
        } catch (error) {
          failed(error, item)
        }
      },
    }
    let report: JobReport = {}
    try {
      report = await job.run(jobRun)
    } catch (error) {
      failed(error)
    }
    const ms = Math.round(performance.now() - startedAt)
    metrics.jobRan(job.name, ms)
    ended.set(job.name, { ms, report })
    if (Object.values(report).some(count => count !== 0)) {
      log.info({ event: 'job', job: job.name, ...report, ms })
    }
    return report
  }

  const changes: Changes = listener => {
    const ends = context.executors.map(executor => executor.onDurable(listener))
    return () => {
      for (const end of ends) end()
    }
  }

  return {
    list: () =>
      jobs.map(({ name, title, everyMs }) => ({
        name,
        title,
        everyMs,
        lastRunAt: lastRun.get(name) ?? null,
        lastMs: ended.get(name)?.ms ?? null,
        lastReport: ended.get(name)?.report ?? {},
        failures: failures.get(name) ?? 0,
      })),
    async runNow(name) {
      const job = jobs.find(one => one.name === name)
      return job === undefined ? undefined : run(job, new AbortController().signal)
    },
    start() {
      const stopping = new AbortController()
      const { signal } = stopping
      const running = jobs.map(job =>
        repeat(job.everyMs, signal, () => run(job, signal, false), job.afterChanges ? changes : undefined),
      )
      return {
        async stop() {
          stopping.abort()
          await Promise.all(running)
        },
      }
    },
    async runDue() {
      const { signal } = new AbortController()
      for (const job of jobs) {
        const before = lastRun.get(job.name)
        if (before === undefined || context.clock() - before >= job.everyMs) await run(job, signal)
      }
    },
    async runAll() {
      const { signal } = new AbortController()
      const reports = new Map<string, JobReport>()
      for (const job of jobs) reports.set(job.name, await run(job, signal))
      return reports
    },
  }
}

/** Calls the listener after changes; answers a function that ends this. */
type Changes = (listener: () => void) => () => void

/** Changes that come together are one reason to run. */
const gatherMs = 20

/**
 * Does something every so many milliseconds until aborted, the first time one interval from now; sooner after
 * changes, where these are given.
 */
async function repeat(
  ms: number,
  signal: AbortSignal,
  action: () => Promise<unknown>,
  changes?: Changes,
): Promise<void> {
  let changed = false
  let hurry: () => void = () => undefined
  const end = changes?.(() => {
    changed = true
    hurry()
  })
  while (!signal.aborted) {
    await new Promise<void>(resolve => {
      let timer = setTimeout(done, changed ? gatherMs : ms)
      hurry = () => {
        clearTimeout(timer)
        hurry = () => undefined
        timer = setTimeout(done, gatherMs)
      }
      function done() {
        clearTimeout(timer)
        hurry = () => undefined
        signal.removeEventListener('abort', done)
        resolve()
      }
      signal.addEventListener('abort', done)
    })
    changed = false
    if (!signal.aborted) await action()
  }
  end?.()
}
