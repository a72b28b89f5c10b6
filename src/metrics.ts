import { errors } from './operation/errors.ts'
import type { ExecutorMetrics } from './operation/executor.ts'
import type { TokenCacheMetrics } from './tenant/token-verifier.ts'

/*
 * Counters for /metrics, in Prometheus' text format. Own code and not prom-client because it must run on
 * Workers and cost next to nothing on the path of every request: a few array additions.
 */

/** Upper bounds of the latency buckets, seconds. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

interface RouteCounts {
  readonly codes: Map<number, number>
  readonly buckets: Float64Array
  seconds: number
}

/** A figure that is looked up when it is asked for. */
export interface Figure {
  readonly name: string
  /** A counter only ever grows; its name ends in `_total`. */
  readonly type: 'counter' | 'gauge'
  readonly help: string
  value(): number
}

/** What is counted, with what /metrics says of it. */
const counters = {
  cohort_token_cache_hits_total: 'Tokens found in the cache',
  cohort_token_cache_misses_total: 'Tokens verified',
  cohort_commits_total: 'Commits of the write queue',
  cohort_committed_operations_total: 'Operations in these commits',
  cohort_commit_seconds_total: 'Time spent in these commits',
  cohort_syncs_total: 'Syncs of what was committed to the disk',
  cohort_sync_seconds_total: 'Time spent waiting for these syncs',
  cohort_sync_failures_total: 'Syncs that failed: the log was written anew',
  cohort_checkpoint_failures_total: 'Ends of the thread that makes checkpoints: it was started again',
  cohort_conflicts_retried_total: 'Operations decided again because their group had changed',
  cohort_blob_bytes_in_total: 'Bytes stored',
  cohort_blob_bytes_out_total: 'Bytes served',
  cohort_conversions_total: 'Pictures and voice messages converted',
  cohort_scans_total: 'Files that the virus scanner looked at',
  cohort_scan_seconds_total: 'Time that it took for that',
  cohort_scans_found_total: 'Files in which it found something',
  cohort_scan_failures_total: 'Files that it could not look at',
  cohort_events_recorded_total: 'Events written with the changes that they tell of',
  cohort_events_told_total: 'Events told to streams',
  cohort_event_frames_total: 'Writes to streams',
  cohort_event_lag_seconds_total: 'Time from the newest event of each of these writes to the write',
} as const
export type CounterName = keyof typeof counters

/** What is counted for each job. */
const jobCounters = {
  cohort_job_runs_total: 'Runs of each job',
  cohort_job_seconds_total: 'Time spent in each job',
  cohort_job_failures_total: 'Runs and items of each job that failed',
} as const

export class Metrics implements TokenCacheMetrics, ExecutorMetrics {
  private readonly routes = new Map<string, RouteCounts>()
  private readonly counts = new Map<CounterName, number>()
  private readonly jobCounts = new Map<keyof typeof jobCounters, Map<string, number>>()
  private depth = 0
  readonly figures: Figure[] = [
    {
      name: 'cohort_write_queue_depth',
      type: 'gauge',
      help: 'Operations waiting to be written',
      value: () => this.depth,
    },
  ]

  /** A request was answered: with this code of ours, or HTTP status, after so many milliseconds. */
  answered(route: string, code: number, ms: number): void {
    let counts = this.routes.get(route)
    if (counts === undefined) {
      counts = { codes: new Map(), buckets: new Float64Array(bounds.length + 1), seconds: 0 }
      this.routes.set(route, counts)
    }
    counts.codes.set(code, (counts.codes.get(code) ?? 0) + 1)
    const seconds = ms / 1000
    let bucket = 0
    while (bucket < bounds.length && seconds > (bounds[bucket] as number)) bucket++
    counts.buckets[bucket] = (counts.buckets[bucket] as number) + 1
    counts.seconds += seconds
  }

  add(counter: CounterName, amount = 1): void {
    this.counts.set(counter, (this.counts.get(counter) ?? 0) + amount)
  }
  /** So many events were written with a change. */
  recorded(events: number): void {
    this.add('cohort_events_recorded_total', events)
  }
  /** A stream was told so many events, the newest of them this long after it was decided. */
  told(events: number, ms: number): void {
    this.add('cohort_events_told_total', events)
    this.add('cohort_event_lag_seconds_total', ms / 1000)
    this.add('cohort_event_frames_total')
  }
  /** A job ran for so many milliseconds. */
  jobRan(job: string, ms: number): void {
    this.addForJob('cohort_job_runs_total', job, 1)
    this.addForJob('cohort_job_seconds_total', job, ms / 1000)
  }
  /** A job, or one item of it, failed. */
  jobFailed(job: string): void {
    this.addForJob('cohort_job_failures_total', job, 1)
  }
  private addForJob(counter: keyof typeof jobCounters, job: string, amount: number): void {
    const counts = this.jobCounts.get(counter) ?? new Map<string, number>()
    this.jobCounts.set(counter, counts)
    counts.set(job, (counts.get(job) ?? 0) + amount)
  }
  hit(): void {
    this.add('cohort_token_cache_hits_total')
  }
  miss(): void {
    this.add('cohort_token_cache_misses_total')
  }
  committed(operations: number, ms: number): void {
    this.add('cohort_commits_total')
    this.add('cohort_committed_operations_total', operations)
    this.add('cohort_commit_seconds_total', ms / 1000)
  }
  synced(ms: number): void {
    this.add('cohort_syncs_total')
    this.add('cohort_sync_seconds_total', ms / 1000)
  }
  syncFailed(): void {
    this.add('cohort_sync_failures_total')
  }
  retried(): void {
    this.add('cohort_conflicts_retried_total')
  }
  queued(depth: number): void {
    this.depth = depth
  }

  /** Counters and figures by name, and all requests together: for whoever looks at the service now. */
  snapshot(): Record<string, number> {
    let requests = 0
    let failed = 0
    let seconds = 0
    for (const route of this.routes.values()) {
      seconds += route.seconds
      for (const [code, count] of route.codes) {
        requests += count
        if (
          (code >= 500 && code < 1000) ||
          code === errors.storage_failed[0] ||
          code === errors.database_failed[0]
        )
          failed += count
      }
    }
    return {
      cohort_requests_total: requests,
      cohort_requests_failed_total: failed,
      cohort_request_seconds_total: seconds,
      ...Object.fromEntries(
        Object.keys(counters).map(name => [name, this.counts.get(name as CounterName) ?? 0]),
      ),
      ...Object.fromEntries(this.figures.map(({ name, value }) => [name, value()])),
    }
  }

  /** Prometheus' text exposition format, version 0.0.4. */
  text(): string {
    const lines: string[] = [
      '# HELP cohort_requests_total Requests by route and code',
      '# TYPE cohort_requests_total counter',
    ]
    for (const [route, { codes }] of this.routes) {
      for (const [code, count] of codes)
        lines.push(`cohort_requests_total{route="${route}",code="${code}"} ${count}`)
    }
    lines.push('# HELP cohort_request_seconds Time to answer', '# TYPE cohort_request_seconds histogram')
    for (const [route, { buckets, seconds }] of this.routes) {
      let sum = 0
      buckets.forEach((count, i) => {
        sum += count
        lines.push(`cohort_request_seconds_bucket{route="${route}",le="${bounds[i] ?? '+Inf'}"} ${sum}`)
      })
      lines.push(
        `cohort_request_seconds_sum{route="${route}"} ${seconds}`,
        `cohort_request_seconds_count{route="${route}"} ${sum}`,
      )
    }
    for (const [name, help] of Object.entries(counters)) {
      lines.push(
        `# HELP ${name} ${help}`,
        `# TYPE ${name} counter`,
        `${name} ${this.counts.get(name as CounterName) ?? 0}`,
      )
    }
    for (const [name, help] of Object.entries(jobCounters)) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} counter`)
      for (const [job, count] of this.jobCounts.get(name as keyof typeof jobCounters) ?? []) {
        // Prometheus has a label `job` of its own.
        lines.push(`${name}{name="${job}"} ${count}`)
      }
    }
    for (const { name, type, help, value } of this.figures) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value()}`)
    }
    return `${lines.join('\n')}\n`
  }
}
