import { useEffect, useState } from 'preact/hooks'
import type { OperatorHealthAnswer } from '../../client/client.ts'
import { formatBytes, formatDuration, formatNumber, formatTime } from '../format.ts'
import { Action, Facts, Problem, Sparkline, Table, useLoad } from '../parts.tsx'
import { messageOf, service } from '../session.ts'

const everyMs = 3000
const mostSamples = 60

/** How the service is now, looked at every three seconds while the screen is open. */
export function Overview() {
  const [samples, setSamples] = useState<readonly OperatorHealthAnswer[]>([])
  const [problem, setProblem] = useState('')
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>
    let open = true
    const look = async () => {
      try {
        const health = await service.operator.health()
        if (open) setSamples(before => [...before, health].slice(-mostSamples))
        setProblem('')
      } catch (error) {
        setProblem(messageOf(error))
      }
      if (open) timer = setTimeout(look, everyMs)
    }
    void look()
    return () => {
      open = false
      clearTimeout(timer)
    }
  }, [])
  const health = samples.at(-1)
  return (
    <>
      <h1>Overview</h1>
      <Problem text={problem} />
      {health === undefined ? <p class="loading">Loading …</p> : <Health health={health} samples={samples} />}
      <Jobs />
    </>
  )
}

/** By how much a counter grew a second, between one sample and the next. */
const rates = (samples: readonly OperatorHealthAnswer[], name: string): number[] =>
  samples.slice(1).map((sample, i) => {
    const before = samples[i]
    const seconds = (sample.now - (before?.now ?? 0)) / 1000
    return Math.max(
      0,
      ((sample.figures[name] ?? 0) - (before?.figures[name] ?? 0)) / Math.max(seconds, 0.001),
    )
  })

const average = (figures: Readonly<Record<string, number>>, sum: string, count: string): string => {
  const of = figures[count] ?? 0
  return of === 0 ? 'none yet' : `${((1000 * (figures[sum] ?? 0)) / of).toFixed(2)} ms`
}

function Health({
  health,
  samples,
}: {
  readonly health: OperatorHealthAnswer
  readonly samples: readonly OperatorHealthAnswer[]
}) {
  const { figures, disk, last_backup } = health
  const requests = rates(samples, 'cohort_requests_total')
  const queue = samples.map(sample => sample.figures.cohort_write_queue_depth ?? 0)
  const memory = figures.process_resident_memory_bytes
  return (
    <>
      {health.warnings.length > 0 && (
        <ul class="warnings">
          {health.warnings.map(warning => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      <div class="tiles">
        <div class="tile">
          <h2>Requests a second</h2>
          <p class="figure">{(requests.at(-1) ?? 0).toFixed(1)}</p>
          <Sparkline values={requests} title="Requests a second, lately" />
        </div>
        <div class="tile">
          <h2>Changes waiting</h2>
          <p class="figure">{formatNumber(queue.at(-1) ?? 0)}</p>
          <Sparkline values={queue} title="Changes waiting to be written, lately" />
        </div>
        <div class="tile">
          <h2>Status</h2>
          <p class="figure">{health.ready ? 'ready' : 'not ready'}</p>
          <p>
            Cohort {health.version} on {health.runtime}, up {formatDuration(health.now - health.started_at)}
          </p>
        </div>
      </div>
      <Facts
        facts={[
          ['Requests since the start', formatNumber(figures.cohort_requests_total ?? 0)],
          ['of these failed', formatNumber(figures.cohort_requests_failed_total ?? 0)],
          ['Time to answer', average(figures, 'cohort_request_seconds_total', 'cohort_requests_total')],
          ['Time of a commit', average(figures, 'cohort_commit_seconds_total', 'cohort_commits_total')],
          ['Time of a sync', average(figures, 'cohort_sync_seconds_total', 'cohort_syncs_total')],
          ['Database', figures.cohort_database_bytes ? formatBytes(figures.cohort_database_bytes) : 'D1'],
          ['Files', health.store],
          [
            'Disk free',
            disk === null ? 'no disk' : `${formatBytes(disk.free)} of ${formatBytes(disk.total)}`,
          ],
          ['Memory', memory === undefined ? 'not known' : formatBytes(memory)],
          ['Last backup', last_backup === null ? 'none' : formatTime(last_backup.made_at)],
        ]}
      />
    </>
  )
}

function Jobs() {
  const jobs = useLoad(() => service.operator.jobs(), [])
  return (
    <>
      <h2>What it does by itself</h2>
      <Problem text={jobs.problem} />
      <Table
        caption="Jobs"
        rows={jobs.data}
        columns={[
          { title: 'Job', cell: job => job.title },
          { title: 'Last run', cell: job => formatTime(job.last_run_at ?? 0) || 'not yet' },
          { title: 'Failures', numeric: true, cell: job => formatNumber(job.failures) },
          {
            title: 'Do it',
            cell: job => (
              <Action
                label={`Run ${job.name}`}
                run={async () => {
                  const report = await service.operator.runJob({ name: job.name })
                  jobs.reload()
                  const did = Object.entries(report).map(([what, count]) => `${what} ${count}`)
                  return `${job.name} ran: ${did.join(', ') || 'nothing to do'}.`
                }}
              />
            ),
          },
        ]}
      />
    </>
  )
}
