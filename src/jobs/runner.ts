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
  /** Runs a job now. undefined: there is no job of this name. */
  runNow(name: string): Promise<JobReport | undefined>
  /** Runs a job to its end, however much there is to do. For the command line. */
  runToEnd(job: Job): Promise<JobReport>
  /** Runs each job at its own interval until stopped. `stop` resolves when the current items are done. */
  start(): { stop(): Promise<void> }
  /** Runs the jobs that are due, one after the other. A cron trigger calls this. */
  runDue(): Promise<void>
  /** Runs every job once, due or not, to its end. Answers what each did, by its name. */
  runAll(): Promise<ReadonlyMap<string, JobReport>>
  /** What `runAll` would do, by the name of the job. undefined: that job cannot say it. */
  previewAll(): Promise<ReadonlyMap<string, JobReport | undefined>>
}

/** How long a job that runs when the service stops may take, milliseconds. */
const maxStopMs = 2_000
/** How many items a run may handle where jobs run on and on, and in a cron trigger (see `JobRun.most`). */
const mostInBackground = 1000
const mostInCron = 100
/**
 * How many portions a job may do in a run of a cron trigger (see `JobRun.mayGoOn`). D1 takes 1000 statements
 * of one invocation, and four jobs work in portions.
 */
const mostPortionsInCron = 15

const inCron = { most: mostInCron, mostPortions: mostPortionsInCron }

/** What a run may do. */
type Terms = Pick<JobRun, 'signal' | 'untilDone' | 'most'> & { readonly mostPortions: number }

/**
 * Runs the list of jobs. Each job has a metric and a line in the log. A failure of one does not affect the
 * others.
 */
export function jobRunner(context: JobContext): Jobs {
  const lastRun = new Map<string, number>()
  /** The jobs that had more to do than a run of a cron trigger may do. They are due again at once. */
  const unfinished = new Set<string>()
  const ended = new Map<string, { readonly ms: number; readonly report: JobReport }>()
  const failures = new Map<string, number>()

  const failed = (job: Job, error: unknown, item?: string) => {
    const { log, metrics } = context
    metrics.jobFailed(job.name)
    failures.set(job.name, (failures.get(job.name) ?? 0) + 1)
    log.error({ event: 'job', job: job.name, ...(item !== undefined && { item }), error: String(error) })
  }

  const runOf = (job: Job, { mostPortions, ...terms }: Terms): JobRun => ({
    ...context,
    ...terms,
    mayGoOn(portions) {
      if (portions >= mostPortions) unfinished.add(job.name)
      return portions < mostPortions && !terms.signal.aborted
    },
    async attempt(item, action) {
      try {
        await action()
      } catch (error) {
        failed(job, error, item)
      }
    },
  })

  const run = async (
    job: Job,
    signal: AbortSignal,
    { untilDone = true, most = Number.POSITIVE_INFINITY, mostPortions = Number.POSITIVE_INFINITY } = {},
  ): Promise<JobReport> => {
    const { log, metrics, clock } = context
    const startedAt = performance.now()
    lastRun.set(job.name, clock())
    unfinished.delete(job.name)
    let report: JobReport = {}
    try {
      report = await job.run(runOf(job, { signal, untilDone, most, mostPortions }))
    } catch (error) {
      failed(job, error)
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
      return job === undefined ? undefined : run(job, new AbortController().signal, inCron)
    },
    runToEnd: job => run(job, new AbortController().signal),
    start() {
      const stopping = new AbortController()
      const running = jobs.map(job => {
        // Each job has a signal of its own, because Node warns of a signal with more than ten listeners.
        const signal = AbortSignal.any([stopping.signal])
        return repeat(
          job.everyMs,
          signal,
          () => run(job, signal, { untilDone: false, most: mostInBackground }),
          job.afterChanges ? changes : undefined,
        )
      })
      return {
        async stop() {
          stopping.abort()
          await Promise.all(running)
          for (const job of jobs) if (job.atStop) await run(job, AbortSignal.timeout(maxStopMs))
          await context.deliveries.ended()
        },
      }
    },
    async runDue() {
      const { signal } = new AbortController()
      for (const job of jobs) {
        const before = lastRun.get(job.name)
        if (before === undefined || context.clock() - before >= job.everyMs || unfinished.has(job.name))
          await run(job, signal, inCron)
      }
    },
    async runAll() {
      const { signal } = new AbortController()
      const reports = new Map<string, JobReport>()
      for (const job of jobs) reports.set(job.name, await run(job, signal))
      return reports
    },
    async previewAll() {
      const { signal } = new AbortController()
      const reports = new Map<string, JobReport | undefined>()
      for (const job of jobs) {
        const jobRun = runOf(job, {
          signal,
          untilDone: true,
          most: Number.POSITIVE_INFINITY,
          mostPortions: 0,
        })
        reports.set(job.name, await job.preview?.(jobRun))
      }
      return reports
    },
  }
}

/** Registers a listener for changes. Answers a function that removes the listener. */
type Changes = (listener: () => void) => () => void

/** Milliseconds. Changes that come within this time cause one run together. */
const gatherMs = 20

/**
 * Calls a function every so many milliseconds until aborted. The first call comes after one interval. If
 * `changes` is given, a change makes the next call come sooner.
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
