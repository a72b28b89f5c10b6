import { housekeeping } from '../../jobs/housekeeping.ts'
import { type Command, noPositionals } from './command.ts'
import { blobStore, withData } from './data.ts'

export const gcCommand: Command = {
  name: 'gc',
  summary: 'delete bytes that nothing refers to (serve does so by itself)',
  help: `Usage: cohort gc

Deletes files that nothing refers to any more, uploads that were not completed within a day, and what dissolved groups and crashes left behind.
May run beside the service. Prints what it freed.
`,
  options: {},
  run(invocation) {
    noPositionals(invocation)
    const { runtime, config, print } = invocation
    return withData(runtime, config, async executor => {
      const { objects, bytes } = await housekeeping(executor, blobStore(config), Date.now)
      print(`freed ${bytes} bytes of ${objects} files\n`)
      return 0
    })
  },
}
