import { statSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Metrics } from '../../metrics.ts'

/**
 * Adds the figures of a server process to /metrics: those of the process itself, and the size of its database
 * file.
 */
export function addProcessMetrics({ figures }: Metrics, databaseFile: string): void {
  const started = Date.now() / 1000
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  figures.push(
    {
      name: 'cohort_database_bytes',
      type: 'gauge',
      help: 'Size of the database file and its log',
      value: () => sizeOf(databaseFile) + sizeOf(`${databaseFile}-wal`),
    },
    {
      name: 'process_resident_memory_bytes',
      type: 'gauge',
      help: 'Memory of the process',
      value: () => process.memoryUsage().rss,
    },
    {
      name: 'process_cpu_seconds_total',
      type: 'counter',
      help: 'Processor time of the process',
      value: () => seconds(process.cpuUsage()),
    },
    {
      name: 'process_start_time_seconds',
      type: 'gauge',
      help: 'When the process started',
      value: () => started,
    },
    {
      name: 'nodejs_eventloop_lag_seconds',
      type: 'gauge',
      help: '99th percentile of the delay of the event loop since the last look',
      value() {
        const lag = delay.percentile(99) / 1e9
        delay.reset()
        return Number.isFinite(lag) ? lag : 0
      },
    },
  )
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
const seconds = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1e6
