import type { Job, JobContext, JobReport, JobRun } from './job.ts'
import { jobs } from './list.ts'

export type { JobContext } from './job.ts'

export interface Jobs {
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

  const run = async (job: Job, signal: AbortSignal): Promise<JobReport> => {
    const { log, metrics, clock } = context
    const startedAt = performance.now()
    lastRun.set(job.name, clock())
    const failed = (error: unknown, item?: string) => {
      metrics.jobFailed(job.name)
      log.error({ event: 'job', job: job.name, ...(item !== undefined && { item }), error: String(error) })
    }
    const jobRun: JobRun = {
      ...context,
      signal,
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
    if (Object.values(report).some(count => count !== 0)) {
      log.info({ event: 'job', job: job.name, ...report, ms })
    }
    return report
  }

  return {
    start() {
      const stopping = new AbortController()
      const running = jobs.map(job => repeat(job.everyMs, stopping.signal, () => run(job, stopping.signal)))
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

/** Does something every so many milliseconds until aborted, the first time one interval from now. */
async function repeat(ms: number, signal: AbortSignal, action: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) {
    await new Promise<void>(resolve => {
      const timer = setTimeout(done, ms)
      function done() {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
      signal.addEventListener('abort', done)
    })
    if (!signal.aborted) await action()
  }
}
