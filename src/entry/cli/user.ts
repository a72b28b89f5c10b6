import { parse } from '../../http/input.ts'
import { eraseUsers } from '../../jobs/erase-users.ts'
import { Refusal } from '../../operation/errors.ts'
import type { Executor } from '../../operation/executor.ts'
import { idMaker } from '../../operation/ids.ts'
import type { App } from '../../tenant/app.ts'
import { appRow, toApp } from '../../tenant/registry.ts'
import { eraseUser } from '../../user/erase.ts'
import { exportUser } from '../../user/export.ts'
import { exported } from '../../user/export-route.ts'
import { type Erasure, erasureOf } from '../../user/ledger.ts'
import { type Command, type Invocation, required, UsageError } from './command.ts'
import { commandJobs, complaints } from './command-jobs.ts'
import { withData } from './data.ts'

export const userCommand: Command = {
  name: 'user',
  summary: 'export all that is known of a user, or erase it',
  help: `Usage:
  cohort user export --app ID --user N
  cohort user erase --app ID --user N [--owned transfer|dissolve] [--dry-run]

export prints lines of JSON, each with a type; the last one has the type "end".

erase removes all that is known of the user. It goes on after a crash: run it again, or let the service do it. Without --owned, a user that owns
groups is refused. Prints what went.
  --owned transfer   its groups go to the admin who has been in them longest, else to the member who has; a group without another member is dissolved
  --owned dissolve   its groups are dissolved
  --dry-run          only says what would go

May run beside the service. docs/privacy.md says what stays.
`,
  options: {
    app: { type: 'string' },
    user: { type: 'string' },
    owned: { type: 'string' },
    'dry-run': { type: 'boolean' },
  },
  run(invocation) {
    const [verb = '', ...more] = invocation.positionals
    if (verb !== 'export' && verb !== 'erase')
      throw new UsageError(verb === '' ? 'export or erase?' : `there is no "user ${verb}"`)
    if (more.length > 0) throw new UsageError(`unexpected argument "${more[0]}"`)
    const app_id = required(invocation, 'app')
    const user_id = userIn(invocation)
    return withData(invocation.runtime, invocation.config, async executor => {
      const [row] = await executor.read(appRow({ app_id }))
      if (row === undefined) throw new UsageError(`there is no app "${app_id}"; cohort app list shows them`)
      const run = verb === 'export' ? exportTo : erase
      return run(invocation, executor, toApp(row), user_id)
    })
  },
}

function userIn(invocation: Invocation): number {
  const user_id = Number(required(invocation, 'user'))
  if (Number.isSafeInteger(user_id) && user_id > 0) return user_id
  throw new UsageError('--user must be a positive integer')
}

const callOf = (app: App, input: unknown) => ({
  app,
  caller: { administrator: true, user_id: null, only_group: null },
  input,
  now: Date.now(),
  newId: idMaker(Date.now).next,
})

async function exportTo(
  { print }: Invocation,
  executor: Executor,
  app: App,
  user_id: number,
): Promise<number> {
  await executor.run(exported(user_id), callOf(app, {}), { bookmark: undefined })
  for await (const lines of exportUser(executor, app, user_id, Date.now())) print(`${lines.join('\n')}\n`)
  return 0
}

async function erase(invocation: Invocation, executor: Executor, app: App, user_id: number): Promise<number> {
  const { config, options, print } = invocation
  const { owned, 'dry-run': dry_run = false } = options
  const input = parse(eraseUser.input, { user_id, dry_run, ...(owned !== undefined && { owned }) })
  const result =
    input instanceof Refusal
      ? input
      : await executor.run(eraseUser, callOf(app, input), { bookmark: undefined })
  if (result instanceof Refusal) throw new UsageError(result.message)
  print(`${JSON.stringify(result.data, null, 2)}\n`)
  if (dry_run === true) return 0
  const jobs = commandJobs(config, executor, complaints(print))
  await jobs.runToEnd(eraseUsers)
  const [erasure] = (await executor.read(erasureOf({ app_id: app.app_id, user_id }))) as [Erasure | undefined]
  const isDone = erasure?.finished_at !== 0
  print(isDone ? 'erased\n' : 'not done yet: the service goes on with it, or run this again\n')
  return isDone ? 0 : 1
}
