import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, describe, expect, it } from 'vitest'
import {
  freePort,
  type Running,
  removeFolder,
  run,
  startServer,
  temporaryFolder,
} from '../support/process.ts'
import { startS3Server } from '../support/s3-server.ts'

const program = ['node', 'dist/cohort.js']

/** What helps a person in the first minutes. */
describe('a start', () => {
  const folders: string[] = []
  const running: Running[] = []
  afterEach(async () => {
    for (const service of running.splice(0)) await service.end('SIGTERM')
    for (const folder of folders.splice(0)) await removeFolder(folder)
  })

  const start = async (environment: Readonly<Record<string, string>> = {}, data = temporaryFolder()) => {
    folders.push(data)
    const port = String(await freePort())
    const env = { DATA_DIR: data, PORT: port, LOG_LEVEL: 'warn', ...environment }
    const service = await startServer([...program, 'serve'], env, `http://127.0.0.1:${port}`)
    running.push(service)
    return { data, service, url: `http://127.0.0.1:${port}` }
  }

  it('with a misspelt variable ends with the right name', async () => {
    const { code, stderr } = await run([...program, 'serve'], { S3_BUKET: 'files' })
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'cohort: S3_BUKET is no variable of this service: did you mean S3_BUCKET?\n',
    })
  })

  it('on the folder of another service is refused, unless it is shared', async () => {
    const { data } = await start()
    const again = { DATA_DIR: data, PORT: String(await freePort()) }
    const { code, stderr } = await run([...program, 'serve'], again)
    expect(code).toBe(1)
    expect(stderr).toContain(`another service runs on ${data}`)
    expect(stderr).toContain('SHARED=true')
    const { url } = await start({ SHARED: 'true' }, data)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
  })

  it('works on after a power cut: what is locked by nobody is free', async () => {
    const { data, service } = await start()
    await service.end('SIGKILL')
    const { url } = await start({}, data)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
  })

  it('prints commands that find its data, and lead into the console', async () => {
    const { service, url, data } = await start()
    const welcome = await service.printed(/^For a link to the console: .+\n/m)
    const [, hint = ''] = /^For a link to the console: (.+)$/m.exec(welcome) ?? []
    expect(hint).toContain(`DATA_DIR=${data}`)
    const { code, stdout } = await run(['sh', '-c', hint])
    expect(code).toBe(0)
    const [, link = ''] = new RegExp(`^${url}/console/#([\\w-]{43})\\n$`).exec(stdout) ?? []
    const open = () =>
      fetch(`${url}/operator/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ link }),
      })
    expect((await open()).status).toBe(200)
    expect((await open()).status).toBe(401)
    const [, token = ''] = /^For a token: (.+)$/m.exec(welcome) ?? []
    expect((await run(['sh', '-c', token])).stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
  })

  it('takes a link to the console for five minutes only', async () => {
    const { data, url } = await start()
    const { stdout } = await run([...program, 'console'], { DATA_DIR: data })
    const link = stdout.trim().split('#')[1] ?? ''
    // The clock cannot be turned here, so the link is: it expires in five minutes, and then now.
    const database = new Database(join(data, 'cohort.db'))
    const expiresAt = database.prepare('SELECT expires_at FROM console_links').pluck().get() as number
    expect(expiresAt - Date.now()).toBeLessThanOrEqual(5 * 60_000)
    expect(expiresAt - Date.now()).toBeGreaterThan(3 * 60_000)
    database.prepare('UPDATE console_links SET expires_at = ?').run(Date.now())
    database.close()
    const opened = await fetch(`${url}/operator/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ link }),
    })
    expect(opened.status).toBe(401)
  })

  it('with a bucket that does not answer says so in words, and is not ready', async () => {
    const { service, url } = await start({
      S3_BUCKET: 'files',
      S3_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
      S3_ACCESS_KEY_ID: 'id',
      S3_SECRET_ACCESS_KEY: 'key',
    })
    const ready = await fetch(`${url}/readyz`)
    expect(ready.status).toBe(503)
    expect(await ready.text()).toContain('S3_ENDPOINT cannot be reached')
    await service.printed('Files do not work: the bucket files at 127.0.0.1')
  })

  it.each([
    ['bucket', { S3_BUCKET: 'no-such-bucket' }, 'S3_BUCKET names no bucket there'],
    ['key', { S3_ACCESS_KEY_ID: 'nobody' }, 'S3_ACCESS_KEY_ID is no key there'],
    [
      'secret',
      { S3_SECRET_ACCESS_KEY: 'guessed' },
      'S3_SECRET_ACCESS_KEY does not belong to S3_ACCESS_KEY_ID',
    ],
  ])(
    'with a wrong %s of the store says which setting is wrong, and is not ready',
    async (_, wrong, words) => {
      const store = await startS3Server()
      try {
        const { service, url } = await start({
          S3_BUCKET: store.bucket,
          S3_ENDPOINT: store.endpoint,
          S3_REGION: store.region,
          S3_ACCESS_KEY_ID: store.accessKeyId,
          S3_SECRET_ACCESS_KEY: store.secretAccessKey,
          ...wrong,
        })
        const ready = await fetch(`${url}/readyz`)
        expect({ status: ready.status, text: await ready.text() }).toEqual({
          status: 503,
          text: expect.stringContaining(words),
        })
        await service.printed(new RegExp(`^Files do not work: .*${words}`, 'm'))
      } finally {
        await store.stop()
      }
    },
  )
})
