import { runTask } from '../../operation/task.ts'
import { signOperatorToken } from '../../operator/access.ts'
import { endAllSessions, makeLink } from '../../operator/sessions.ts'
import { type Command, type Invocation, noPositionals, UsageError } from './command.ts'
import { withData } from './data.ts'
import { localAddress } from './welcome.ts'

const linkMs = 5 * 60_000

export const consoleCommand: Command = {
  name: 'console',
  summary: 'print a link into the console, or end its sessions',
  help: `Usage: cohort console [--url URL] [--end]

Prints a link into the console: good once, for five minutes; the session that it opens lasts twelve hours.

  --url URL   where the service is, as a browser reaches it: default PUBLIC_URL, or this machine.
              With OPERATOR_SECRET set, this is all it takes: for a service elsewhere, such as on Workers.
  --end       ends every session, and every link that was not used yet
`,
  options: {
    url: { type: 'string' },
    end: { type: 'boolean' },
  },
  async run(invocation) {
    noPositionals(invocation)
    const { config, options, runtime, print } = invocation
    if (config.CONSOLE === 'off') throw new UsageError('CONSOLE is off')
    const url = urlOf(invocation)
    if (options.end === true) {
      await withData(runtime, config, executor => runTask(executor, endAllSessions(), Date.now()))
      print('Every session of the console has ended.\n')
      return 0
    }
    const elsewhere = options.url !== undefined && config.OPERATOR_SECRET !== undefined
    const link = elsewhere
      ? await signOperatorToken(config.OPERATOR_SECRET ?? '', Date.now(), linkMs)
      : await withData(runtime, config, executor => runTask(executor, makeLink(), Date.now()))
    print(`${url}/console/#${link}\n`)
    return 0
  },
}

function urlOf({ config, options }: Invocation): string {
  if (typeof options.url !== 'string') return config.PUBLIC_URL ?? localAddress(config, config.PORT)
  if (!/^https?:\/\//.test(options.url) || !URL.canParse(options.url))
    throw new UsageError('--url must be an http or https URL')
  return options.url.replace(/\/+$/, '')
}
