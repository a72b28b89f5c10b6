import { outboundRules } from '../../config.ts'
import type { JobReport } from '../../jobs/job.ts'
import { jobs } from '../../jobs/list.ts'
import { jobRunner } from '../../jobs/runner.ts'
import { Metrics } from '../../metrics.ts'
import { idMaker } from '../../operation/ids.ts'
import { nodeOutbound } from '../../outbound/node-outbound.ts'
import { Scanning } from '../../scan/scanning.ts'
import { appRegistry } from '../../tenant/registry.ts'
import { Deliveries } from '../../webhook/deliveries.ts'
import { nativeSha256 } from '../sha256.ts'
import { type Command, noPositionals } from './command.ts'
import { blobStore, withData } from './data.ts'
import { scannerOf } from './scanner.ts'

export const gcCommand: Command = {
  name: 'gc',
  summary: 'do at once what serve does by itself: sweep, tidy, delete what nothing refers to',
  help: `Usage: cohort gc [--dry-run]

Does at once what a service does by itself from time to time:
${jobs.map(({ title }) => `  ${title}`).join('\n')}
May run beside the service. Prints what each did; the exit code is 1 if anything failed.
  --dry-run   changes nothing, and prints what would be deleted
`,
  options: { 'dry-run': { type: 'boolean' } },
  run(invocation) {
    noPositionals(invocation)
    const { runtime, config, print } = invocation
    return withData(runtime, config, async executor => {
      let failures = 0
      const complain = (line: Readonly<Record<string, unknown>>) => {
        failures++
        print(`${JSON.stringify(line)}\n`)
      }
      // Jobs tell the log some things only once, so they are told here too.
      const tell = (line: Readonly<Record<string, unknown>>) => {
        if (line.event !== 'job') print(`${JSON.stringify(line)}\n`)
      }
      const blobs = blobStore(config)
      const outbound = nodeOutbound(outboundRules(config))
      const scanner = scannerOf(config, outbound)
      const log = { info: tell, warn: complain, error: complain }
      const metrics = new Metrics()
      const ports = { blobs, clock: Date.now, log, metrics, baseUrl: config.PUBLIC_URL ?? '' }
      const runner = jobRunner({
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
      if (invocation.options['dry-run'] === true) {
        for (const [name, report] of await runner.previewAll()) {
          if (report !== undefined) print(`${name}: would delete ${inWords(report)}\n`)
        }
        return 0
      }
      const reports = await runner.runAll()
      for (const [name, report] of reports) print(`${name}: ${inWords(report) || 'done'}\n`)
      const freed = reports.get('collect-released')
      print(`freed ${freed?.bytes ?? 0} bytes of ${freed?.objects ?? 0} files\n`)
      return failures === 0 ? 0 : 1
    })
  },
}

const inWords = (report: JobReport): string =>
  Object.entries(report)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ')
