import { type Config, outboundRules } from '../../config.ts'
import { type Jobs, jobRunner } from '../../jobs/runner.ts'
import { Metrics } from '../../metrics.ts'
import type { Executor } from '../../operation/executor.ts'
import { idMaker } from '../../operation/ids.ts'
import { nodeOutbound } from '../../outbound/node-outbound.ts'
import type { Log } from '../../platform.ts'
import { Scanning } from '../../scan/scanning.ts'
import { appRegistry } from '../../tenant/registry.ts'
import { Deliveries } from '../../webhook/deliveries.ts'
import { nativeSha256 } from '../sha256.ts'
import { blobStore } from './data.ts'
import { scannerOf } from './scanner.ts'

/** The jobs of the service, for a command that runs them itself. */
export function commandJobs(config: Config, executor: Executor, log: Log): Jobs {
  const blobs = blobStore(config)
  const outbound = nodeOutbound(outboundRules(config))
  const scanner = scannerOf(config, outbound)
  const metrics = new Metrics()
  const ports = { blobs, clock: Date.now, log, metrics, baseUrl: config.PUBLIC_URL ?? '' }
  return jobRunner({
    executors: [executor],
    executorFor: () => executor,
    apps: appRegistry(() => executor, Date.now, 1000),
    blobs,
    clock: Date.now,
    newId: idMaker(Date.now).next,
    log,
    metrics,
    hash: nativeSha256,
    outbound,
    scanning: scanner && new Scanning({ ...scanner, ...ports }),
    deliveries: new Deliveries(),
  })
}

/** A log for commands that print only what went wrong. */
export function complaints(print: (text: string) => void): Log {
  const complain = (line: Readonly<Record<string, unknown>>) => print(`${JSON.stringify(line)}\n`)
  return { info() {}, warn: complain, error: complain }
}
