import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { operations } from '../../src/operations.ts'
import { routes } from '../../src/routes.ts'
import { commandTarget } from '../support/command-target.ts'
import { Receiver } from '../support/receiver.ts'
import type { Instance } from '../support/target.ts'
import type { Recorder } from './examples/recorder.ts'
import { steadied } from './examples/steady.ts'
import { tellExamples } from './examples/story.ts'

/** Whole files, of which no example would say more than their type does. */
const files = [
  '/client.js',
  '/openapi.json',
  '/docs',
  '/docs/reference.js',
  '/docs/docs.js',
  '/docs/docs.css',
  '/file/scan/object',
]

/** The examples of the documentation, as a running service answers them. */
describe('the examples', () => {
  let service: Instance
  let receiver: Receiver
  let recorder: Recorder
  let startedAt: number
  beforeAll(async () => {
    receiver = await Receiver.start()
    const environment = { WEBHOOK_ALLOW: '127.0.0.0/8', WEBHOOK_ALLOW_HTTP: 'true' }
    service = await commandTarget('node', ['node', 'dist/cohort.js']).start(environment)
    startedAt = Date.now()
    recorder = await tellExamples(service, receiver)
  })
  afterAll(async () => {
    await service.stop()
    await receiver.stop()
  })

  it('are of every operation and every route: test/client/examples/story.ts calls each', () => {
    const described = [
      ...operations,
      ...routes.filter(({ tag, path }) => tag !== 'page' && !files.includes(path)),
    ]
    const missing = described.filter(({ id }) => !recorder.recorded.has(id))
    expect(missing.map(({ methods, path }) => `${methods[0]} ${path}`)).toEqual([])
  })

  it('are in the documentation as they were answered: `npm run generate:examples` writes them', async () => {
    const addresses = {
      [service.url]: 'http://127.0.0.1:8787',
      [receiver.url]: 'https://chat.example.org/cohort',
    }
    const lines = [...recorder.recorded].map(([id, example]) => [id, example] as const)
    const steady = JSON.parse(steadied(Object.fromEntries(lines), addresses, startedAt)) as Record<
      string,
      unknown
    >
    const text = Object.entries(steady).map(([id, example]) => `  ${id}: ${JSON.stringify(example)},\n`)
    await expect(
      `// Made by test/client/examples.test.ts from what a running service answered.\nexport const examples = {\n${text.join('')}}\n`,
    ).toMatchFileSnapshot('../../src/http/documentation/examples.gen.ts')
  })
})
