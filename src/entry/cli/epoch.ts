import { runTask } from '../../operation/task.ts'
import { allApps, randomEpoch, renewEpoch } from '../../tenant/registry.ts'
import { type Command, UsageError } from './command.ts'
import { withData } from './data.ts'

export const epochCommand: Command = {
  name: 'epoch',
  summary: 'tell readers of events that the database was turned back',
  help: `Usage: cohort epoch [--app ID] [--sql]

Gives an app, or all of them, a new epoch: cursors and states that readers of events keep are void from then on, and they read the groups
anew. "cohort restore" does this by itself. Call it after you have put back a copy of the data by other means.

  --app ID   only this app
  --sql      changes nothing here, and prints what to run after a point-in-time restore of D1:
             wrangler d1 execute DB --remote --command "$(cohort epoch --sql)"
`,
  options: { app: { type: 'string' }, sql: { type: 'boolean' } },
  async run({ runtime, config, options, positionals, print }) {
    if (positionals.length > 0) throw new UsageError(`unexpected argument "${positionals[0]}"`)
    const named = typeof options.app === 'string' ? options.app : undefined
    if (options.sql === true) {
      const where = named === undefined ? '' : ` WHERE app_id = '${named.replaceAll("'", "''")}'`
      print(`UPDATE apps SET epoch = lower(hex(randomblob(3)))${where};\n`)
      return 0
    }
    return withData(runtime, config, async executor => {
      const all = (await executor.read(allApps({}))).map(({ app_id }) => app_id)
      if (named !== undefined && !all.includes(named))
        throw new UsageError(`there is no app "${named}"; cohort app list shows them`)
      for (const app_id of named === undefined ? all : [named]) {
        const epoch = randomEpoch()
        await runTask(executor, renewEpoch(app_id, epoch), Date.now())
        print(`${app_id} ${epoch}\n`)
      }
      return 0
    })
  },
}
