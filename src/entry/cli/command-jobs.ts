import { type Config, outboundRules } from '../../config.ts'
import { type Jobs, jobRunner } from '../../jobs/runner.ts'
import { Metrics } from '../../metrics.ts'
import type { Executor } from '../../operation/executor.ts'
import { idMaker } from '../../operation/ids.ts'
import { nodeOutbound } from '../../outbound/node-outbound.ts'
import { appRegistry } from '../../tenant/registry.ts'
import { Deliveries } from '../../webhook/deliveries.ts'
import { nativeSha256 } from '../sha256.ts'
import { blobStore } from './data.ts'

/** The jobs of the service, for a command that runs them itself. `complain` gets what would be in the log. */
export const commandJobs = (
  config: Config,
  executor: Executor,
  complain: (line: Readonly<Record<string, unknown>>) => void,
): Jobs =>
  jobRunner({
    executors: [executor],
    executorFor: () => executor,
    apps: appRegistry(() => executor, Date.now, 1000),
    blobs: blobStore(config),
    clock: Date.now,
    newId: idMaker(Date.now).next,
    log: { info() {}, warn: complain, error: complain },
    metrics: new Metrics(),
    hash: nativeSha256,
    outbound: nodeOutbound(outboundRules(config)),
    deliveries: new Deliveries(),
  })
