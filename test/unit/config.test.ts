import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ConfigError, readConfig, variables } from '../../src/config.ts'

/** The message with which this environment is refused. */
function refusalOf(environment: Record<string, string>): string {
  try {
    readConfig(environment)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as ConfigError).message
  }
  throw new Error(`${JSON.stringify(environment)} was accepted`)
}

const s3 = { S3_BUCKET: 'files', S3_ACCESS_KEY_ID: 'id', S3_SECRET_ACCESS_KEY: 'key' }

describe('the environment', () => {
  it('may be empty: there is a default for everything', () => {
    expect(readConfig({})).toEqual({
      PORT: 8787,
      HOST: '127.0.0.1',
      DATA_DIR: './data',
      LOG_LEVEL: 'info',
      CORS_ORIGINS: '*',
      CONSOLE: 'on',
      SHARED: false,
      SHOW_SECRETS: false,
      TRUST_PROXY: false,
      AUDIT_IP: 'prefix',
      WRITE_QUEUE: 10_000,
      WEBHOOK_ALLOW: [],
      WEBHOOK_ALLOW_HTTP: false,
      BACKUP_KEEP: 7,
      BACKUP_TO: '',
      LITESTREAM: false,
      LITESTREAM_METRICS: 'http://127.0.0.1:9090/metrics',
      files: { store: 'folder' },
    })
  })

  it('counts an empty variable as not set', () => {
    expect(readConfig(Object.fromEntries(Object.keys(variables).map(name => [name, ''])))).toEqual(
      readConfig({}),
    )
    expect(readConfig({ PORT: undefined })).toEqual(readConfig({}))
  })

  it.each([
    ['S3_BUKET', 'S3_BUCKET'],
    ['DATA_DRI', 'DATA_DIR'],
    ['PUBLIC_URLS', 'PUBLIC_URL'],
    ['APP_SECRT', 'APP_SECRET'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
    ['LOG_LEVEI', 'LOG_LEVEL'],
  ])('says what %s was meant to be', (name, meant) => {
    expect(() => readConfig({ [name]: 'x' })).toThrow(
      `${name} is no variable of this service: did you mean ${meant}?`,
    )
  })

  it('is read for its own variables only', () => {
    expect(readConfig({ PATH: '/bin', port: 'x', PORTS: 'x', __proto__: 'x' })).toEqual(readConfig({}))
  })

  it.each([
    ['PORT', '0', 0],
    ['PORT', '65535', 65_535],
    ['HOST', '::', '::'],
    ['DATA_DIR', '/srv/a b', '/srv/a b'],
    ['PUBLIC_URL', 'https://chat.example.org/base/', 'https://chat.example.org/base'],
    ['LOG_LEVEL', 'silent', 'silent'],
    ['LOG_LEVEL', 'error', 'error'],
    ['LOG_LEVEL', 'warn', 'warn'],
    ['CORS_ORIGINS', ' * ', '*'],
    [
      'CORS_ORIGINS',
      'https://a.example, http://localhost:3000',
      ['https://a.example', 'http://localhost:3000'],
    ],
    ['APP_ID', 'My_app-1', 'My_app-1'],
    ['APP_SECRET', '0123456789abcdef', '0123456789abcdef'],
    ['SHOW_SECRETS', 'true', true],
    ['TRUST_PROXY', 'true', true],
    ['TRUST_PROXY', 'false', false],
    ['WRITE_QUEUE', '1', 1],
    ['IMAGE_SERVICE_URL', 'https://img.example.org/{w}x{h}/{url}', 'https://img.example.org/{w}x{h}/{url}'],
    ['BACKUP_EVERY', '60', 60],
    ['BACKUP_KEEP', '1', 1],
    ['BACKUP_TO', 's3', 's3'],
  ])('takes %s=%s', (name, value, read) => {
    expect(readConfig({ [name]: value })).toMatchObject({ [name]: read })
  })

  it.each<[name: string, values: string[], others?: Record<string, string>]>([
    ['PORT', ['65536', '-1', '80.5', '8e3', ' 80', 'http', '0x50', '99999999999999999999']],
    [
      'PUBLIC_URL',
      [
        'example.org',
        'ftp://example.org',
        'https://',
        '//example.org',
        'https://exa mple.org',
        'javascript:alert(1)',
      ],
    ],
    ['LOG_LEVEL', ['debug', 'INFO', 'verbose', '3']],
    [
      'CORS_ORIGINS',
      [
        'example.org',
        'https://a.example/',
        'https://a.example/path',
        'https://a.example,',
        '*,https://a.example',
        'null',
      ],
    ],
    ['APP_ID', ['a b', 'a/b', '../x', 'ä', 'x'.repeat(65), 'a.b']],
    ['APP_SECRET', ['short', '0123456789abcde']],
    ['SHOW_SECRETS', ['yes', '1', 'TRUE', 'on']],
    ['TRUST_PROXY', ['yes', '1', 'False', '0']],
    ['WRITE_QUEUE', ['0', '-1', '1000001', 'many']],
    ['IMAGE_SERVICE_URL', ['https://img.example.org/', 'img.example.org/{url}', 'file:///{url}']],
    ['S3_ENDPOINT', ['s3.example.org', 'ftp://s3.example.org'], s3],
    ['S3_FORCE_PATH_STYLE', ['yes', '1'], s3],
    ['S3_UPLOAD', ['get', 'PUT', 'presigned'], s3],
    ['BACKUP_EVERY', ['0', '-5', 'hourly', '525601']],
    ['BACKUP_KEEP', ['0', 'all', '10001']],
    ['LITESTREAM', ['yes', '1', 'on']],
    ['LITESTREAM_METRICS', ['127.0.0.1:9090', 'file:///metrics']],
    ['OFFSITE_TO', ['bucket', 's3:bucket', 's3://', 's3://b/../x', 's3://b/a b', 's3://b//x', 'https://b/x']],
  ])('refuses a wrong %s by name, and says no more than that', (name, values, others = {}) => {
    for (const value of values) {
      const message = refusalOf({ ...others, [name]: value })
      expect(message.split('\n'), `${name}=${value}`).toHaveLength(1)
      expect(message, `${name}=${value}`).toMatch(new RegExp(`^${name} must \\w+`))
    }
  })

  it('tells all that is wrong at once', () => {
    const named = (environment: Record<string, string>) => {
      const lines = refusalOf(environment).split('\n')
      return lines.map(line => line.split(' ')[0]).sort()
    }
    const wrong = { PORT: 'x', LOG_LEVEL: 'loud', APP_SECRET: 'short', BACKUP_EVERY: '0', HOST: 'fine' }
    expect(named(wrong)).toEqual(['APP_SECRET', 'BACKUP_EVERY', 'LOG_LEVEL', 'PORT'])
    expect(named({ PORT: 'x', S3_BUCKET: 'files' })).toEqual([
      'PORT',
      'S3_ACCESS_KEY_ID',
      'S3_SECRET_ACCESS_KEY',
    ])
    expect(named({ S3_ENDPOINT: 'x', S3_ACCESS_KEY_ID: 'id' })).toEqual(['S3_BUCKET', 'S3_ENDPOINT'])
  })

  it('never repeats a secret in what it says', () => {
    expect(refusalOf({ APP_SECRET: 'hunter2' })).not.toContain('hunter2')
    expect(refusalOf({ ...s3, S3_UPLOAD: 'x', S3_SECRET_ACCESS_KEY: 'hunter2' })).not.toContain('hunter2')
  })

  describe('of a virus scanner', () => {
    const byUrl = {
      SCAN: 'https://scanner.example.org/scan',
      SCAN_ON_FAILURE: 'allow',
      SCAN_SECRET: `whsec_${btoa('a secret of a scanner for tests!')}`,
      PUBLIC_URL: 'https://chat.example.org',
    }

    it.each([
      ['clamd://clamd.local:3311', { host: 'clamd.local', port: 3311 }],
      ['clamd://127.0.0.1', { host: '127.0.0.1', port: 3310 }],
      ['clamd://[::1]:3310', { host: '::1', port: 3310 }],
      ['/run/clamav/clamd.ctl', { path: '/run/clamav/clamd.ctl' }],
      ['clamd:///run/clamav/clamd.ctl', { path: '/run/clamav/clamd.ctl' }],
      ['unix:/run/clamav/clamd.ctl', { path: '/run/clamav/clamd.ctl' }],
    ])('is clamd: %s', (SCAN, at) => {
      expect(readConfig({ SCAN, SCAN_ON_FAILURE: 'refuse' }).scan).toEqual({
        is: 'clamd',
        at,
        onFailure: 'refuse',
      })
    })

    it('is behind a URL, with a secret and a public URL', () => {
      const { SCAN: url, SCAN_SECRET: secret } = byUrl
      expect(readConfig(byUrl).scan).toEqual({ is: 'webhook', url, secret, onFailure: 'allow' })
      for (const missing of ['SCAN_SECRET', 'PUBLIC_URL'])
        expect(refusalOf({ ...byUrl, [missing]: '' })).toMatch(new RegExp(`^${missing} must be set`))
    })

    it('has no default for what happens when it fails, and says so', () => {
      expect(readConfig({}).scan).toBeUndefined()
      expect(refusalOf({ SCAN: '/run/clamav/clamd.ctl' })).toMatch(/^SCAN_ON_FAILURE must be allow or refuse/)
      expect(refusalOf({ SCAN: '/x', SCAN_ON_FAILURE: 'maybe' })).toContain('SCAN_ON_FAILURE')
      expect(refusalOf({ SCAN_ON_FAILURE: 'allow' })).toMatch(/^SCAN is missing/)
    })

    it.each(['clamd', 'clamd://', 'ftp://x', 'clamd://x/y', 'x y'])('is none: %s', SCAN => {
      expect(refusalOf({ SCAN, SCAN_ON_FAILURE: 'allow' })).toContain('SCAN must be')
    })
  })

  describe('of S3', () => {
    it('is a bucket with its keys', () => {
      expect(readConfig(s3).files).toEqual({
        store: 's3',
        s3: {
          endpoint: undefined,
          region: 'auto',
          bucket: 'files',
          accessKeyId: 'id',
          secretAccessKey: 'key',
          forcePathStyle: true,
          upload: 'put',
        },
      })
      const all = {
        ...s3,
        S3_ENDPOINT: 'http://127.0.0.1:9000/',
        S3_REGION: 'eu',
        S3_FORCE_PATH_STYLE: 'false',
        S3_UPLOAD: 'through',
      }
      expect(readConfig(all).files).toMatchObject({
        s3: { endpoint: 'http://127.0.0.1:9000', region: 'eu', forcePathStyle: false, upload: 'through' },
      })
    })

    it.each([['S3_ACCESS_KEY_ID'], ['S3_SECRET_ACCESS_KEY']])('is refused without %s', missing => {
      for (const value of [undefined, '']) {
        const environment = Object.fromEntries(
          Object.entries({ ...s3, [missing]: value ?? '' }).filter(([, set]) => set !== undefined),
        )
        expect(refusalOf(environment)).toContain(missing)
      }
    })

    it.each(Object.keys(variables).filter(name => name.startsWith('S3_') && name !== 'S3_BUCKET'))(
      'is missed where %s is set',
      name => {
        const values: Record<string, string> = {
          S3_ENDPOINT: 'https://s3.example.org',
          S3_FORCE_PATH_STYLE: 'true',
          S3_UPLOAD: 'put',
        }
        const environment = { [name]: values[name] ?? 'hunter2' }
        expect(refusalOf(environment)).toMatch(new RegExp(`^S3_BUCKET is missing: .*\\b${name}$`))
        expect(refusalOf(environment)).not.toContain('hunter2')
        expect(refusalOf({ ...environment, S3_BUCKET: '' })).toBe(refusalOf(environment))
      },
    )

    it('is not missed where another bucket is named, by OFFSITE_TO or by a command', () => {
      const { S3_BUCKET: _, ...keys } = s3
      const access = { accessKeyId: 'id', secretAccessKey: 'key', region: 'auto', forcePathStyle: true }
      expect(readConfig({ ...keys, OFFSITE_TO: 's3://elsewhere/cohort/' })).toMatchObject({
        files: { store: 'folder' },
        OFFSITE_TO: { bucket: 'elsewhere', prefix: 'cohort/' },
        bucketAccess: access,
      })
      expect(readConfig(keys, { namesBucket: true })).toMatchObject({
        files: { store: 'folder' },
        bucketAccess: access,
      })
    })

    it('stays out of the rest of the configuration', () => {
      expect(Object.keys(readConfig(s3)).filter(name => name.startsWith('S3_'))).toEqual([])
    })
  })

  it("is what the README's table says", () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
    const rows = [...readme.matchAll(/^\| `([A-Z0-9_]+)` \| (?:`([^`]*)`)? *\| (.+) \|$/gm)].map(
      ([, name, byDefault, text]) => [name, byDefault ?? '', text],
    )
    const expected = Object.entries(variables).map(([name, type]) => {
      const byDefault = type.parse(undefined)
      return [name, byDefault === undefined ? '' : String(byDefault), type.description]
    })
    expect(rows).toEqual(expected)
  })
})
