import { join } from 'node:path'
import { installation } from '../support/programs.ts'
import type { Instance } from '../support/target.ts'
import { Conversation } from './conversation.ts'
import { smallApp } from './story/limits.ts'

/** How far the clock is ahead after the restart: more than anything pending lives. */
const aheadMs = 8 * 24 * 3_600_000

/** Moves the clock of the process that loads it, in one word for NODE_OPTIONS. */
const clockAhead = `data:text/javascript,${encodeURIComponent(`
  const Real = Date
  globalThis.Date = class extends Real {
    constructor(...parts) { parts.length === 0 ? super(Real.now() + ${aheadMs}) : super(...parts) }
    static now() { return Real.now() + ${aheadMs} }
  }`)}`

/** A service on an empty folder, with the two apps of the story. `turn` starts it again, days later. */
export async function startStory(program: readonly string[], folder: string) {
  const here = installation('node', program, join(folder, 'data'))
  let running: Instance = await here.serve()
  const conversation = new Conversation(running, {
    demo: running.secret,
    small: await running.createApp('small', smallApp),
  })
  return {
    conversation,
    async turn() {
      await running.stop()
      running = await here.serve({ NODE_OPTIONS: `--import=${clockAhead}` })
      conversation.goOn(running, aheadMs)
    },
    stop: () => running.stop(),
  }
}
