import type { JobReport } from '../../jobs/job.ts'
import { jobs } from '../../jobs/list.ts'
import { type Command, noPositionals } from './command.ts'
import { commandJobs } from './command-jobs.ts'
import { withData } from './data.ts'

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
      const info = (line: Readonly<Record<string, unknown>>) => {
        if (line.event !== 'job') print(`${JSON.stringify(line)}\n`)
      }
      const log = { info, warn: complain, error: complain }
      const runner = commandJobs(config, executor, log)
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
