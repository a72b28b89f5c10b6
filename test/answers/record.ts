import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { recordOf } from './record-file.ts'
import { startStory } from './service.ts'
import { tellStory } from './story/story.ts'
import { Teller } from './story/teller.ts'

/*
 * Tells the story to a service of a released version, and keeps what it answers: scripts/record-answers.mjs.
 */

const { values } = parseArgs({ options: { service: { type: 'string' }, to: { type: 'string' } } })
const { service, to } = values
if (service === undefined || to === undefined) throw new Error('say --service COMMAND and --to FILE')
const folder = mkdtempSync(join(tmpdir(), 'cohort-answers-'))
try {
  const { conversation, turn, stop } = await startStory(service.split(' '), folder)
  try {
    const teller = new Teller(conversation)
    await tellStory(teller, async () => {
      teller.turnDay()
      await turn()
    })
    writeFileSync(to, recordOf(teller.recorded))
    process.stdout.write(`${to} has ${teller.recorded.length} requests and their answers\n`)
  } finally {
    await stop()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
