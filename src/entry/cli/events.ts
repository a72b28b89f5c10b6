import { setTimeout as sleep } from 'node:timers/promises'
import { isEventKind } from '../../events/event.ts'
import { readFeed } from '../../events/live-feed.ts'
import { isWanted, startOf } from '../../events/wanted.ts'
import { appRegistry } from '../../tenant/registry.ts'
import { type Command, noPositionals, required, UsageError } from './command.ts'
import { withData } from './data.ts'

/** How often --follow looks for events, milliseconds. */
const lookMs = 250

export const eventsCommand: Command = {
  name: 'events',
  summary: 'print what happened in an app, and follow it',
  help: `Usage: cohort events --app ID [--follow] [--after CURSOR] [--kinds K,K] [--group N]

Prints events as lines of JSON, each as /events answers it.

  --follow        goes on with what happens, until SIGINT; begins now unless --after says otherwise
  --after CURSOR  begins after this event; "earliest" (the default without --follow) for all that is kept
  --kinds K,K     only these kinds, such as group.member.joined
  --group N       only of this group
`,
  options: {
    app: { type: 'string' },
    follow: { type: 'boolean' },
    after: { type: 'string' },
    kinds: { type: 'string' },
    group: { type: 'string' },
  },
  async run(invocation) {
    noPositionals(invocation)
    const { runtime, config, options, print } = invocation
    const app_id = required(invocation, 'app')
    const follow = options.follow === true
    const names = typeof options.kinds === 'string' ? options.kinds.split(',') : undefined
    const unknown = names?.find(name => !isEventKind(name))
    if (unknown !== undefined) throw new UsageError(`there is no kind "${unknown}"`)
    const group_id = options.group === undefined ? undefined : Number(options.group)
    if (group_id !== undefined && !(Number.isSafeInteger(group_id) && group_id > 0))
      throw new UsageError('--group must be a positive integer')
    const wanted = { kinds: names && new Set<string>(names), group_id }
    const after = typeof options.after === 'string' ? options.after : follow ? undefined : 'earliest'

    return withData(runtime, config, async executor => {
      const app = await appRegistry(() => executor, Date.now, 1000).get(app_id)
      if (app === undefined) throw new UsageError(`there is no app "${app_id}"; cohort app list shows them`)
      let page = await readFeed(executor, app, Number.MAX_SAFE_INTEGER)
      let seq = startOf(after, page)
      if (seq === undefined)
        throw new UsageError('--after is no cursor of this app, or of an event that is not kept any more')
      const { epoch } = page
      for (;;) {
        page = await readFeed(executor, app, seq)
        if (page.epoch !== epoch) throw new UsageError('the database was turned back: begin anew')
        for (const shared of page.events) {
          seq = shared.stored.seq
          if (isWanted(wanted, shared.stored)) print(`${shared.json}\n`)
        }
        if (seq < page.head) continue
        if (!follow) return 0
        await sleep(lookMs)
      }
    })
  },
}
