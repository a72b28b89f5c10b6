import { existsSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { commandLine, expectFailure } from '../support/command-line.ts'
import { freePort, startServer } from '../support/process.ts'

/** Commands can destroy what the service lives on. */
describe('what must not be destroyed', () => {
  const { path, cohort, succeed } = commandLine()
  const data = (name: string) => path('data', name)
  const bytesOf = (path: string) => readFileSync(path).toString('base64')

  it.each(['backup', 'export --app demo', 'export --app demo --sql'])(
    'is not written over by %s, not even with --force',
    async command => {
      await succeed('app create demo')
      const another = path('another')
      symlinkSync(data('cohort.db'), another)
      mkdirSync(path('hard'))
      linkSync(data('cohort.db'), path('hard', 'link'))
      symlinkSync(path('data'), path('same'))
      mkdirSync(data('files'))
      const inUse = path('in-use.db')
      writeFileSync(inUse, '')
      writeFileSync(`${inUse}-wal`, '')
      const before = bytesOf(data('cohort.db'))
      for (const file of [
        data('cohort.db'),
        data('cohort.db-wal'),
        data('cohort.pid'),
        data('files/objects'),
        another,
        path('hard', 'link'),
        path('same', 'cohort.db'),
        inUse,
      ])
        expectFailure(await cohort(`${command} ${file} --force`), 1, /what the service runs on|in use/)
      expectFailure(await cohort(`${command} ${path()} --force`), 1, /is a folder/)
      expect(bytesOf(data('cohort.db'))).toBe(before)
      const file = path('file')
      writeFileSync(file, 'old')
      expectFailure(await cohort(`${command} ${file}`), 1, /exists: --force replaces it/)
      expect(await cohort(`${command} ${file} --force`)).toMatchObject({ code: 0 })
      expect(await succeed('check')).toBe('ok\n')
    },
  )

  it.each([
    'token --app demo --user 1',
    'app list',
    'app show demo',
    'check',
    'gc',
    'export --app demo',
    'backup x',
  ])('comes not into being either: %s in a folder without a database makes none', async command => {
    expectFailure(await cohort(command), 1, /no database|there is none in/)
    expect(existsSync(path('data'))).toBe(false)
  })

  it('includes the claim of a running service, when another start fails', async () => {
    const port = await freePort()
    const environment = { PORT: String(port), DATA_DIR: path('data'), LOG_LEVEL: 'silent' }
    const running = await startServer(
      ['node', 'dist/cohort.js', 'serve'],
      environment,
      `http://127.0.0.1:${port}`,
    )
    try {
      const claim = readFileSync(data('cohort.pid'), 'utf8')
      expectFailure(await cohort('serve', environment), 1, /another service runs on/)
      expect(readFileSync(data('cohort.pid'), 'utf8')).toBe(claim)
      expectFailure(await cohort(`restore ${path('x')} --force`), 1, /a service is running/)
    } finally {
      await running.end('SIGTERM')
    }
  })

  it('is not touched by files that are not there, or are no files', async () => {
    await succeed('app create demo')
    for (const command of ['import --app demo', 'restore --force']) {
      expectFailure(await cohort(`${command} ${path('nofile')}`), 1, /there is no .*nofile/)
      expectFailure(await cohort(`${command} ${path()}`), 1, /is no file|is a folder/)
    }
    expectFailure(await cohort(`backup ${path('no', 'folder')}`), 1, /there is no .*no.folder/)
    expect(await succeed('app list')).toBe('demo\n')
  })
})
