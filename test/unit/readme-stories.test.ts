import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Client } from '../support/client.ts'
import { commandTarget } from '../support/command-target.ts'
import { installed } from '../support/installed.ts'
import { bytesOf, quarters } from '../support/pictures.ts'
import { freePort, removeFolder, run, startServer, temporaryFolder } from '../support/process.ts'
import { blocksOf } from '../support/readme.ts'
import type { Instance } from '../support/target.ts'
import { type Prepared, prepareWorker, workerTarget } from '../support/worker-target.ts'

describe("the README's first story", () => {
  const shells = ['dash', 'bash', 'zsh'].filter(shell => installed(shell))
  const story = blocksOf('README.md', 'sh', '## A first story', '### Somebody follows')
  const data = temporaryFolder()
  const photos = join(data, 'photos')
  let url: string
  let service: Awaited<ReturnType<typeof startServer>>
  beforeAll(async () => {
    const port = String(await freePort())
    url = `http://127.0.0.1:${port}`
    service = await startServer(
      ['node', 'dist/cohort.js', 'serve'],
      { DATA_DIR: data, PORT: port, LOG_LEVEL: 'warn' },
      url,
    )
    mkdirSync(photos)
    writeFileSync(join(photos, 'photo.jpg'), await bytesOf(quarters(400, 300).jpeg()))
  })
  afterAll(async () => {
    await service.end('SIGTERM')
    await removeFolder(data)
  })

  const tell = (shell: string, photo: string) => {
    // Where the reader has another port and the picture elsewhere, nothing else is changed.
    const script = story
      .join('\n')
      .replaceAll('http://127.0.0.1:8787', url)
      .replace('PHOTO=photo.jpg', `PHOTO=${photo}`)
      .replace('-o thumbnail.jpg', `-o ${photos}/thumbnail.jpg`)
    return run([shell, '-c', script], { DATA_DIR: data })
  }

  it('is told in some shell', () => expect(shells).toContain('bash'))

  it.each(shells)('holds in %s', async shell => {
    const { stdout, stderr } = await tell(shell, join(photos, 'photo.jpg'))
    expect(stderr).toBe('')
    const answers = stdout.split('\n').filter(line => line.startsWith('{'))
    expect(answers.map(line => JSON.parse(line.replace(/\}\{.*$/, '}')).code)).toEqual(answers.map(() => 200))
    expect(answers.length).toBeGreaterThanOrEqual(8)
    expect(readFileSync(join(photos, 'thumbnail.jpg')).subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]))
  })

  it.each(shells.slice(0, 1))('says in %s what is missing', async shell => {
    const { stdout } = await tell(shell, '/no/such/picture.jpg')
    expect(stdout).toContain('There is no /no/such/picture.jpg here')
  })
})

describe("the README's first call on Workers", () => {
  let prepared: Prepared
  let worker: Instance
  beforeAll(async () => {
    prepared = await prepareWorker()
    worker = await workerTarget(() => prepared).start({ APP_ID: '', APP_SECRET: '' })
  })
  afterAll(async () => {
    await worker.stop()
    await prepared.remove()
  })

  it('is answered, from nothing but the secret that was put', async () => {
    const [, lines = ''] = blocksOf('README.md', 'sh', '### Cloudflare Workers', '### Deno')
    const script = lines
      .replace('https://cohort.example.workers.dev', worker.url)
      .replace('the-secret-that-you-have-just-put', worker.operatorSecret)
    const { stdout, stderr } = await run(['sh', '-c', script])
    expect(stderr).toBe('')
    const [created, called] = stdout.split('\n').filter(line => line.startsWith('{'))
    expect(JSON.parse(created ?? '')).toMatchObject({ code: 200, data: { app_id: 'club' } })
    expect(JSON.parse(called ?? '')).toMatchObject({ code: 200, data: { name: 'First group', owner_id: 1 } })
  })
})

describe('a token signed on one’s own server', () => {
  let service: Instance
  const folder = temporaryFolder()
  beforeAll(async () => {
    service = await commandTarget('node', ['node', 'dist/cohort.js']).start()
  })
  afterAll(async () => {
    await service.stop()
    await removeFolder(folder)
  })

  const languages = [
    ['Node', 'js', 'token.mjs', ['node']],
    ['Python', 'python', 'token.py', ['python3']],
    ['PHP', 'php', 'token.php', ['php']],
    ['Go', 'go', 'token.go', ['go', 'run']],
  ] as const

  for (const [name, language, file, command] of languages) {
    it.skipIf(!installed(command[0]))(`is good: ${name}`, async () => {
      const text = readFileSync('docs/tokens.md', 'utf8')
      const [, program = ''] =
        new RegExp(`## ${name}\\n\\n\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(text) ?? []
      const path = join(folder, file)
      writeFileSync(path, program)
      const environment = {
        APP: service.app_id,
        SECRET: service.secret,
        GOCACHE: join(folder, 'go'),
        HOME: folder,
      }
      const { code, stdout, stderr } = await run([...command, path, '77'], environment)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const user = new Client(service, { app_id: service.app_id, 'access-token': stdout.trim() })
      const answer = await user.post('/group/create', { name })
      expect(answer).toMatchObject({ code: 200, data: { owner_id: 77 } })
    })
  }
})
