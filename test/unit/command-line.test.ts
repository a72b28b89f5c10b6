import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { signToken } from '../support/client.ts'
import { commandLine, expectFailure, listedBy, userOf } from '../support/command-line.ts'
import { dataOf, expectRefusal } from '../support/groups.ts'

const commands = ['serve', 'token', 'app', 'migrate', 'check', 'gc']
const secret = 'the-secret-of-the-first-app'

/** The program as it ships, started anew for every call. */
describe('cohort', () => {
  const { path, cohort, succeed, serving } = commandLine()
  const change = (sql: string) => {
    const database = new Database(path('data', 'cohort.db'))
    try {
      database.exec(sql)
    } finally {
      database.close()
    }
  }

  describe('help', () => {
    it.each(['--help', '-h', 'help', ''])('is printed for "%s"', async args => {
      const stdout = await succeed(args)
      for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} +\\w`, 'm'))
    })

    it('is printed for every command, which then does nothing else', async () => {
      const environment = { DATA_DIR: path('untouched'), PORT: 'not a port' }
      const listed = [...(await succeed('--help')).matchAll(/^ {2}([a-z]+) +\w/gm)].map(
        ([, command]) => command ?? '',
      )
      expect(listed).toEqual(expect.arrayContaining(commands))
      for (const command of listed) {
        expect(await succeed(`${command} --help`, environment)).toContain(`cohort ${command}`)
        expect(await succeed(`${command} x --nonsense -h`, environment)).toContain(`cohort ${command}`)
      }
      expect(existsSync(environment.DATA_DIR)).toBe(false)
    })

    it('and the version are told apart', async () => {
      expect(await succeed('--version')).toMatch(/^\d+\.\d+\.\d+\n$/)
      expect(await succeed('version')).toBe(await succeed('--version'))
    })
  })

  describe('called wrongly, it exits with 2 and says how:', () => {
    it.each([
      ['frobnicate', /no command "frobnicate"/],
      ['--serve', /no command "--serve"/],
      ['serve now', /unexpected argument "now"/],
      ['serve --port 80', /--port/],
      ['migrate all', /unexpected argument "all"/],
      ['check --deep', /--deep/],
      ['gc it', /unexpected argument "it"/],
      ['token', /--app is missing/],
      ['token --app', /--app/],
      ['token --app demo', /--user N or --admin/],
      ['token --app demo --user 1 --admin', /--user N or --admin/],
      ['token --app demo --user x', /--user must be a positive integer/],
      ['token --app demo --user 0', /--user must be a positive integer/],
      ['token --app demo --user -1', /--user/],
      ['token --app demo --user 1.5', /--user must be a positive integer/],
      ['token --app demo --user 9007199254740992', /--user must be a positive integer/],
      ['token --app demo --admin --files', /--files goes with --user/],
      ['token --app demo --user 1 --ttl soon', /"soon" is not a duration/],
      ['token --app demo --user 1 --ttl 0s', /"0s" is not a duration/],
      ['token --app demo --user 1 extra', /unexpected argument "extra"/],
      ['token --app nobody --user 1', /no app "nobody"/],
      ['app', /what should be done/],
      ['app frobnicate x', /no "app frobnicate"/],
      ['app toString x', /no "app toString"/],
      ['app create', /id of the app/],
      ['app create a/b', /id of the app/],
      ['app create x y', /unexpected argument "y"/],
      ['app create x --secret short', /--secret must be at least 16 characters/],
      ['app list all', /unexpected argument|id/],
      ['app show nobody', /no app "nobody"/],
      ['app set nobody max_groups=1', /no app "nobody"/],
      ['app set nobody', /NAME=VALUE/],
      ['app rotate-secret nobody', /no app "nobody"/],
    ])('%s', async (args, saying) => {
      if (args.includes('nobody')) await succeed('app create demo')
      expectFailure(await cohort(args), 2, saying)
    })

    it('with a wrong environment', async () => {
      for (const command of ['serve', 'migrate', 'app list', 'check']) {
        expectFailure(await cohort(command, { PORT: 'x', LOG_LEVEL: 'loud' }), 2, /PORT must be/)
      }
      const { stderr } = await cohort('check', { PORT: 'x', LOG_LEVEL: 'loud' })
      expect(stderr).toContain('LOG_LEVEL must be')
      expectFailure(await cohort('serve', { APP_SECRET: 'too short' }), 2, /APP_SECRET must be at least 16/)
    })
  })

  describe('app', () => {
    it('create prints the secret, once', async () => {
      const made = await succeed('app create one')
      expect(made).toMatch(/^[\w-]{32,}\n$/)
      expect(await succeed('app create two --secret 0123456789abcdef')).toBe('0123456789abcdef\n')
      expectFailure(await cohort('app create one'), 2, /"one" exists already/)
      expect(await succeed('app list')).toBe('one\ntwo\n')
    })

    it('show prints settings and usage, and secrets only when asked', async () => {
      const made = (await succeed('app create one')).trim()
      const shown = await succeed('app show one')
      expect(shown).not.toContain(made)
      expect(JSON.parse(shown)).toMatchObject({
        app_id: 'one',
        jwks_url: '',
        secrets: [{ kid: expect.any(String) }],
        usage: { groups: 0, file_bytes: 0 },
        settings: {
          invite_confirm: false,
          max_groups: 1_000_000,
          max_groups_created: 10_000,
          max_groups_joined: 10_000,
          application_minutes: 10_080,
        },
      })
      expect(JSON.parse(await succeed('app show one --secrets'))).toMatchObject({
        secrets: [{ secret: made }],
      })
      expect(await succeed('app show --app one')).toBe(shown)
    })

    it('set changes settings, all or none, and goes back to the default', async () => {
      await succeed('app create one')
      const settings = async () => JSON.parse(await succeed('app show one')).settings
      const before = await settings()
      expect(await succeed('app set one capacity_private=500 invite_confirm=true')).toBe('')
      expect(await settings()).toEqual({ ...before, capacity_private: 500, invite_confirm: true })
      for (const [words, saying] of [
        ['capacity_private=0', /capacity_private/],
        ['capacity_private=x', /capacity_private/],
        ['capacity_private=1.5', /capacity_private/],
        ['invite_confirm=yes', /invite_confirm/],
        ['max_groups=-1', /max_groups/],
        ['nonsense=1', /no setting "nonsense"/],
        ['toString=1', /no setting "toString"/],
        ['capacity_private', /NAME=VALUE/],
        ['=5', /NAME=VALUE/],
        ['jwks_url=ftp://x', /jwks_url/],
        ['max_groups=5 nonsense=1', /no setting "nonsense"/],
      ] as const) {
        expectFailure(await cohort(`app set one ${words}`), 2, saying)
      }
      expect(await settings()).toEqual({ ...before, capacity_private: 500, invite_confirm: true })
      await succeed('app set one capacity_private= invite_confirm=')
      expect(await settings()).toEqual(before)
    })

    it('rotate-secret has a new secret sign, and the old one stay good until it is dropped', async () => {
      const first = (await succeed('app create demo')).trim()
      const second = (await succeed('app rotate-secret demo')).trim()
      expect(second).not.toBe(first)
      await serving({}, async url => {
        for (const key of [first, second]) dataOf(await listedBy('demo', url, key))
        expectRefusal(await listedBy('demo', url, 'another-secret-of-somebody'), 10008)
      })
      const third = (await succeed('app rotate-secret demo --drop-old')).trim()
      await serving({}, async url => {
        dataOf(await listedBy('demo', url, third))
        for (const key of [first, second]) expectRefusal(await listedBy('demo', url, key), 10008)
      })
    })
  })

  describe('token', () => {
    it('prints the token and nothing else', async () => {
      await succeed('app create demo')
      const now = Date.now() / 1000
      const printed = await succeed('token --app demo --user 7')
      expect(printed).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
      const claims = decodeJwt(printed.trim())
      expect(claims).toMatchObject({ app: 'demo', role: 1, sub: '7' })
      expect(Math.abs((claims.iat ?? 0) - now)).toBeLessThan(60)
      expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(3600)
      for (const [ttl, seconds] of [
        ['90s', 90],
        ['15m', 900],
        ['30d', 2_592_000],
      ] as const) {
        const { exp = 0, iat = 0 } = decodeJwt(
          (await succeed(`token --app demo --user 7 --ttl ${ttl}`)).trim(),
        )
        expect(exp - iat).toBe(seconds)
      }
      expect(decodeJwt((await succeed('token --app demo --admin')).trim())).toMatchObject({
        app: 'demo',
        role: 2,
      })
      expect(decodeJwt((await succeed('token --app demo --user 7 --files')).trim())).toMatchObject({
        sub: '7',
        use: 'files',
      })
    })

    it('is signed by the newest secret, and good', async () => {
      await succeed('app create demo')
      await succeed('app rotate-secret demo --drop-old')
      const token = (await succeed('token --app demo --user 7')).trim()
      await serving({}, async url => {
        expect(dataOf(await userOf('demo', url, token).get('/group/user_joined'))).toEqual([])
      })
    })
  })

  describe('migrate', () => {
    it('says what it did, and has nothing to do the second time', async () => {
      const first = await succeed('migrate')
      expect(first).toMatch(/^(\d{4}_\w+\.sql\n)+$/)
      for (let n = 0; n < 2; n++) expect(await succeed('migrate')).toBe('the database is up to date\n')
      expect(await succeed('check')).toBe('ok\n')
    })
  })

  describe('check', () => {
    it('finds what is wrong', async () => {
      await serving({ APP_ID: 'demo', APP_SECRET: secret }, async url => {
        const owner = userOf('demo', url, await signToken(secret, { app: 'demo', role: 1, sub: '1' }))
        dataOf(await owner.post('/group/create', { user_list: [2, 3] }))
      })
      expect(await succeed('check')).toBe('ok\n')
      change('UPDATE groups SET count = count + 1')
      const { code, stdout } = await cohort('check')
      expect({ code, lines: stdout.trim().split('\n').length }).toEqual({ code: 1, lines: 1 })
      expect(stdout).toMatch(/count of a group/)
      change('UPDATE groups SET count = count - 1; UPDATE members SET role = 1')
      expect(await cohort('check')).toMatchObject({ code: 1, stdout: expect.stringMatching(/owner/) })
      change(
        'UPDATE members SET role = 3 WHERE user_id = 1; INSERT INTO blacklist SELECT group_id, 2, 0 FROM groups',
      )
      expect(await cohort('check')).toMatchObject({ code: 1, stdout: expect.stringMatching(/blacklisted/) })
    })
  })

  describe('gc', () => {
    it('removes what uploads left that a crash cut off two days ago, and none that may be under way', async () => {
      await succeed('app create demo')
      const temporary = path('data', 'files', 'tmp')
      mkdirSync(temporary, { recursive: true })
      for (const name of ['left', 'under-way']) writeFileSync(join(temporary, name), 'part of an upload')
      const twoDaysAgo = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000)
      utimesSync(join(temporary, 'left'), twoDaysAgo, twoDaysAgo)
      expect(await succeed('gc')).toMatch(/^tidy-store: done$[\s\S]*^freed 0 bytes of 0 files$/m)
      expect(readdirSync(temporary)).toEqual(['under-way'])
    })
  })

  describe('a database that cannot be', () => {
    it.each(['serve', 'migrate', 'check', 'app list'])(
      'is told by %s: DATA_DIR is below a file',
      async command => {
        writeFileSync(path('file'), '')
        const DATA_DIR = path('file', 'data')
        expectFailure(await cohort(command, { DATA_DIR, LOG_LEVEL: 'silent' }), 1, /DATA_DIR|file/)
      },
    )

    it.each(['migrate', 'check'])('is told by %s: it is no database', async command => {
      mkdirSync(path('data'))
      writeFileSync(path('data', 'cohort.db'), 'This is no database, but a text of some length. '.repeat(100))
      expectFailure(await cohort(command), 1, /database/)
    })

    it.each(['serve', 'migrate', 'check', 'app list', 'token --app demo --user 1', 'gc'])(
      'is refused by %s: it was made by a newer Cohort',
      async command => {
        await succeed('app create demo')
        change("INSERT INTO d1_migrations (name) VALUES ('9999_from_the_future.sql')")
        expectFailure(await cohort(command, { LOG_LEVEL: 'silent' }), 1, /newer Cohort.*9999_from_the_future/)
        change("DELETE FROM d1_migrations WHERE name LIKE '9999%'")
        expect(await succeed('app list')).toBe('demo\n')
      },
    )
  })
})
