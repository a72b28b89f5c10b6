import { outboundRules } from '../../config.ts'
import { jobs } from '../../jobs/list.ts'
import { jobRunner } from '../../jobs/runner.ts'
import { Metrics } from '../../metrics.ts'
import { idMaker } from '../../operation/ids.ts'
import { nodeOutbound } from '../../outbound/node-outbound.ts'
import { appRegistry } from '../../tenant/registry.ts'
import { Deliveries } from '../../webhook/deliveries.ts'
import { nativeSha256 } from '../sha256.ts'
import { type Command, noPositionals } from './command.ts'
import { blobStore, withData } from './data.ts'

export const gcCommand: Command = {
  name: 'gc',
  summary: 'do at once what serve does by itself: sweep, tidy, delete what nothing refers to',
  help: `Usage: cohort gc

Does at once what a service does by itself from time to time:
${jobs.map(({ title }) => `  ${title}`).join('\n')}
May run beside the service. Prints what each did; the exit code is 1 if anything failed.
`,
  options: {},
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
      const reports = await jobRunner({
        executors: [executor],
        executorFor: () => executor,
        apps: appRegistry(() => executor, Date.now, 1000),
        blobs: blobStore(config),
        clock: Date.now,
        newId: idMaker(Date.now).next,
        log: { info: tell, warn: complain, error: complain },
        metrics: new Metrics(),
        hash: nativeSha256,
        outbound: nodeOutbound(outboundRules(config)),
        deliveries: new Deliveries(),
      }).runAll()
      for (const [name, report] of reports) {
        const counts = Object.entries(report).map(([what, count]) => `${count} ${what}`)
        print(`${name}: ${counts.length === 0 ? 'done' : counts.join(', ')}\n`)
      }
      const freed = reports.get('collect-released')
      print(`freed ${freed?.bytes ?? 0} bytes of ${freed?.objects ?? 0} files\n`)
      return failures === 0 ? 0 : 1
    })
  },
}
