import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig, variables } from '../../src/config.ts'
import {
  assignments,
  dockerStages,
  readText,
  type Stage,
  seriesOf,
  textsOf,
  unitSettings,
  yamlPaths,
} from '../support/deploy-files.ts'
import { litestreamVersion } from '../support/litestream.ts'
import {
  freePort,
  type Running,
  removeFolder,
  run,
  startServer,
  temporaryFolder,
} from '../support/process.ts'

/*
 * What of deploy/ can be held against the real thing without Docker: its recipe is followed by hand, and the
 * image's command and healthcheck are run. The programs that judge their own files are asked in
 * deploy-programs.test.ts, as far as they are there.
 */

const dockerfile = readText('deploy/Dockerfile')
const stages = dockerStages(dockerfile)
const [build, image] = stages as [Stage, Stage]
const imageEnvironment = assignments(textsOf(image, 'ENV').join(' '))
const compose = yamlPaths(readText('deploy/compose.yaml'))
const unit = unitSettings(readText('deploy/cohort.service'))
const offsiteUnits = ['litestream.service', 'cohort-mirror.service'].map(name => ({
  name,
  settings: unitSettings(readText(`deploy/${name}`)),
}))
const litestream = readText('deploy/litestream.yml')
const caddyfile = readText('deploy/Caddyfile')

/** `["a", "b"]` at the end of an instruction. */
const command = (text = ''): string[] => JSON.parse(text.slice(text.indexOf('['))) as string[]
/** What follows `prefix.` in the paths, one level deep. */
const keysUnder = (prefix: string): string[] =>
  [...compose.keys()]
    .filter(path => path.startsWith(`${prefix}.`))
    .flatMap(path =>
      path
        .slice(prefix.length + 1)
        .split('.')
        .slice(0, 1),
    )

describe('variables in deploy/', () => {
  const caddys = new Set([...caddyfile.matchAll(/\{\$(\w+)/g)].map(([, name = '']) => name))
  const known = new Set([...Object.keys(variables), ...caddys, 'COMPOSE_PROFILES', 'LITESTREAM_ADDRESS'])
  const wordsOf = (text: string) => text.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? []
  const named: Readonly<Record<string, readonly string[]>> = {
    'README.md': wordsOf(readText('deploy/README.md')),
    Caddyfile: wordsOf(caddyfile),
    'grafana.json': wordsOf(readText('deploy/grafana.json')),
    Dockerfile: Object.keys(imageEnvironment),
    'compose.yaml': wordsOf(readText('deploy/compose.yaml')),
    'litestream.yml': [...litestream.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name),
    ...Object.fromEntries(
      [{ name: 'cohort.service', settings: unit }, ...offsiteUnits].map(({ name, settings }) => [
        name,
        (settings.get('Service.Environment') ?? []).flatMap(text => Object.keys(assignments(text))),
      ]),
    ),
  }

  it.each(Object.entries(named))(
    '%s names only variables that Cohort, Caddy or Compose reads',
    (_, names) => {
      expect(names).not.toEqual([])
      expect(names.filter(name => !known.has(name))).toEqual([])
    },
  )

  it('are set to what Cohort takes', () => {
    expect(readConfig(imageEnvironment)).toMatchObject({
      HOST: '0.0.0.0',
      PORT: variables.PORT.parse(undefined),
      DATA_DIR: '/data',
    })
    expect(readConfig(assignments(unit.get('Service.Environment')?.[0] ?? ''))).toMatchObject({
      DATA_DIR: '/var/lib/cohort',
    })
  })
})

describe('Dockerfile', () => {
  it('names its images with a version, and installs nothing that stays but what it says', () => {
    expect(stages.map(stage => stage.name)).toEqual(['build', ''])
    for (const stage of stages) expect(stage.image).toMatch(/^node:24[\w.-]*$/)
    for (const text of stages
      .flatMap(stage => textsOf(stage, 'RUN'))
      .filter(found => found.includes('apt-get'))) {
      expect(text).toMatch(
        /apt-get update && apt-get install -y --no-install-recommends .* && rm -rf \/var\/lib\/apt\/lists\/\*$/,
      )
    }
    expect(textsOf(build, 'RUN')).toEqual(
      expect.arrayContaining(['npm ci --omit=dev', expect.stringMatching(/^npm run build /)]),
    )
  })

  it('gives an image that is not root, keeps its data in a volume, and can be stopped and asked for its health', () => {
    const names = image.instructions.map(({ name }) => name)
    const [user = ''] = textsOf(image, 'USER')
    expect(textsOf(image, 'USER')).toHaveLength(1)
    expect(Number(user.split(':')[0])).toBeGreaterThan(0)
    expect(names.slice(names.indexOf('USER'))).not.toContain('RUN')
    expect(names.indexOf('USER')).toBeLessThan(names.indexOf('ENTRYPOINT'))
    expect(textsOf(image, 'RUN').join()).toContain(`install -d -o ${user.split(':')[0]} `)
    expect(textsOf(image, 'VOLUME')).toEqual([imageEnvironment.DATA_DIR])
    expect(textsOf(image, 'EXPOSE')).toEqual([imageEnvironment.PORT])
    expect(textsOf(image, 'STOPSIGNAL')).toEqual(['SIGTERM'])
    expect(textsOf(image, 'HEALTHCHECK')).toHaveLength(1)
  })

  it('copies just what .dockerignore lets in', () => {
    const copied = stages
      .flatMap(stage => textsOf(stage, 'COPY').filter(text => !text.startsWith('--')))
      .flatMap(text => text.split(' ').slice(0, -1))
    const [first, ...rest] = readText('.dockerignore').trimEnd().split('\n')
    expect(first).toBe('*')
    expect(rest.sort()).toEqual([...new Set(copied)].map(path => `!${path}`).sort())
    for (const path of copied) expect(existsSync(path), path).toBe(true)
  })

  it('leaves the image all that its bundle loads', () => {
    const { dependencies } = JSON.parse(readText('package.json')) as { dependencies: Record<string, string> }
    const loaded = [
      ...['cohort.js', 'program.cjs', 'picture-process.js', 'voice-worker.js', 'log-worker.js']
        .concat('checkpoint-worker.js')
        .map(name => readText(`dist/${name}`))
        .join('\n')
        .matchAll(/^import .*?"([^"./][^"]*)";$|\b(?:import|require)\("([^"./][^"]*)"\)/gm),
    ]
      .map(([, one, other]) => one ?? other ?? '')
      .filter(name => !name.startsWith('node:') && !builtinModules.includes(name))
    const packages = new Set(
      loaded.map(name =>
        name
          .split('/')
          .slice(0, name.startsWith('@') ? 2 : 1)
          .join('/'),
      ),
    )
    expect([...packages]).toEqual(expect.arrayContaining(['better-sqlite3', 'sharp', '@aws-sdk/client-s3']))
    expect([...packages].filter(name => dependencies[name] === undefined)).toEqual([])
    const removed = /rm -rf (.*)$/.exec(textsOf(build, 'RUN').at(-1) ?? '')?.[1]?.split(/ +/) ?? []
    expect(
      [...packages].filter(name => removed.some(path => `node_modules/${name}`.startsWith(path))),
    ).toEqual([])
  })

  describe('followed by hand', () => {
    const [context, root, data] = [temporaryFolder(), temporaryFolder(), temporaryFolder()]
    let running: Running | undefined
    afterAll(async () => {
      await running?.end('SIGKILL')
      for (const folder of [context, root, data]) await removeFolder(folder)
    })
    const copy = (from: string, to: string, text: string) => {
      const words = text.split(' ').filter(word => !word.startsWith('--'))
      const target = words.at(-1) ?? ''
      for (const source of words.slice(0, -1)) {
        const path = join(to, target.endsWith('/') ? join(target, source.split('/').at(-1) ?? '') : target)
        mkdirSync(dirname(path), { recursive: true })
        if (source.endsWith('node_modules')) symlinkSync(join(process.cwd(), 'node_modules'), path)
        else cpSync(join(from, source.replace(/^\/app/, '')), path, { recursive: true })
      }
    }

    it('builds, serves as its command says, and its healthcheck tells a running service from none', async () => {
      for (const text of textsOf(build, 'COPY')) copy('.', context, text)
      symlinkSync(join(process.cwd(), 'node_modules'), join(context, 'node_modules'))
      expect(await run(['npm', 'run', 'build', '--prefix', context])).toMatchObject({ code: 0 })
      for (const text of textsOf(image, 'COPY'))
        copy(text.startsWith('--from=build') ? context : '.', root, text)

      const port = await freePort()
      const environment = { ...imageEnvironment, HOST: '127.0.0.1', PORT: String(port), DATA_DIR: data }
      const [program = '', script = '', ...args] = [
        ...command(textsOf(image, 'ENTRYPOINT')[0]),
        ...command(textsOf(image, 'CMD')[0]),
      ]
      const healthcheck = command(textsOf(image, 'HEALTHCHECK')[0])
      expect(await run(healthcheck, environment)).toMatchObject({ code: 1 })
      running = await startServer(
        [program, join(root, script), ...args],
        environment,
        `http://127.0.0.1:${port}`,
      )
      expect(await run(healthcheck, environment)).toMatchObject({ code: 0 })
      expect(await running.end(textsOf(image, 'STOPSIGNAL')[0] as NodeJS.Signals)).toBe(0)
      expect(existsSync(join(data, 'cohort.db'))).toBe(true)
    })
  })
})

describe('compose.yaml', () => {
  it('builds the Dockerfile, keeps its volume, publishes on loopback alone and stops with patience', () => {
    expect(Object.fromEntries(compose)).toMatchObject({
      'services.cohort.build.context': '..',
      'services.cohort.build.dockerfile': 'deploy/Dockerfile',
      'services.cohort.volumes.0': `data:${imageEnvironment.DATA_DIR}`,
      'services.cohort.ports.0': `127.0.0.1:${imageEnvironment.PORT}:${imageEnvironment.PORT}`,
      'services.cohort.read_only': 'true',
      'services.cohort.cap_drop.0': 'ALL',
      'services.caddy.profiles.0': 'tls',
      'services.caddy.environment.COHORT_UPSTREAM': `cohort:${imageEnvironment.PORT}`,
    })
    expect(Number.parseInt(compose.get('services.cohort.stop_grace_period') ?? '', 10)).toBeGreaterThan(10)
    expect(compose.get('services.caddy.image')).toMatch(/^caddy:2\.\d+/)
    expect(Object.fromEntries(compose)).toMatchObject({
      'services.cohort.environment.LITESTREAM_METRICS': 'http://litestream:9090/metrics',
      'services.litestream.profiles.0': 'offsite',
      'services.litestream.command': 'replicate',
      'services.litestream.environment.DATA_DIR': imageEnvironment.DATA_DIR,
      'services.litestream.environment.LITESTREAM_ADDRESS': '0.0.0.0:9090',
      'services.litestream.user': textsOf(image, 'USER')[0],
      'services.litestream.volumes.0': `data:${imageEnvironment.DATA_DIR}`,
      'services.litestream.volumes.1': './litestream.yml:/etc/litestream.yml:ro',
      'services.mirror.profiles.0': 'offsite',
      'services.mirror.command': 'files mirror --follow --delete-after 3d',
      'services.mirror.volumes.0': `data:${imageEnvironment.DATA_DIR}`,
    })
    // No port of Litestream is published: its metrics are for the service alone.
    expect(compose.has('services.litestream.ports.0')).toBe(false)
    expect(`litestream/litestream:${litestreamVersion().slice(1)}`).toBe(
      compose.get('services.litestream.image'),
    )
    expect(keysUnder('volumes')).toEqual(['data', 'caddy'])
    expect(existsSync(join('deploy', compose.get('services.caddy.volumes.0')?.split(':')[0] ?? ''))).toBe(
      true,
    )
  })
})

describe('cohort.service', () => {
  it('runs the binary as a user of its own, shut in, and stops with patience', () => {
    const one = Object.fromEntries([...unit].map(([name, values]) => [name, values[0]]))
    expect(one).toMatchObject({
      'Service.ExecStart': '/usr/local/bin/cohort serve',
      'Service.User': 'cohort',
      'Service.EnvironmentFile': '-/etc/cohort.env',
      'Service.StateDirectory': 'cohort',
      'Service.Restart': 'on-failure',
      'Service.CapabilityBoundingSet': '',
      'Service.NoNewPrivileges': 'yes',
      'Service.ProtectSystem': 'strict',
      'Service.PrivateTmp': 'yes',
      'Service.SystemCallFilter': '@system-service',
      'Service.MemoryDenyWriteExecute': 'no',
    })
    expect(Number(one['Service.TimeoutStopSec'])).toBeGreaterThan(10)
  })
})

describe('the units of off-site copies', () => {
  it.each(offsiteUnits)(
    '$name runs as the user of the service on its data, as shut in, and is started again',
    ({ settings }) => {
      for (const name of ['User', 'Group', 'StateDirectory', 'UMask'])
        expect(settings.get(`Service.${name}`)).toEqual(unit.get(`Service.${name}`))
      const shutIn = [...unit].filter(([name]) =>
        /\.(Protect|Private|Restrict(?!Art)|System|Capab|Ambient|NoNew|Lock|RemoveIPC)/.test(name),
      )
      expect(shutIn.length).toBeGreaterThan(15)
      for (const [name, values] of shutIn) {
        if (name.startsWith('Service.Restart')) continue
        expect([name, settings.get(name)]).toEqual([name, values])
      }
      expect(settings.get('Service.EnvironmentFile')).toEqual(['/etc/cohort.env'])
      expect(settings.get('Service.Restart')?.[0]).toMatch(/^(always|on-failure)$/)
    },
  )

  it('do what Compose does: Litestream by its file, and the mirror, which deletes as late as the replica does', () => {
    const [replicate, mirror] = offsiteUnits.map(({ settings }) => settings.get('Service.ExecStart')?.[0])
    expect(replicate).toBe(
      `/usr/local/bin/litestream ${compose.get('services.litestream.command')} -config /etc/litestream.yml`,
    )
    expect(mirror).toBe(`/usr/local/bin/cohort ${compose.get('services.mirror.command')}`)
    const [, hours] = /retention: (\d+)h/.exec(litestream) ?? []
    const [, days] = /--delete-after (\d+)d/.exec(mirror ?? '') ?? []
    expect(Number(hours)).toBe(24 * Number(days))
  })

  it('stop Litestream after the service, whose last changes it must see', () => {
    expect(offsiteUnits[0]?.settings.get('Unit.Before')).toEqual(['cohort.service'])
  })
})

describe('grafana.json', () => {
  interface Panel {
    readonly id: number
    readonly type: string
    readonly title: string
    readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[]
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  }
  const dashboard = JSON.parse(readText('deploy/grafana.json')) as {
    panels: Panel[]
    templating: { list: { query: string | { query: string } }[] }
  }
  const charts = dashboard.panels.filter(panel => panel.type !== 'row')
  const queries = dashboard.templating.list.map(({ query }) =>
    typeof query === 'string' ? query : query.query,
  )
  const expressions = charts.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  const metric = /\b(?:cohort|process|nodejs)_\w+/g
  const shown = new Set([...expressions, ...queries].flatMap(text => text.match(metric) ?? []))
  const data = temporaryFolder()
  let exposed: Set<string>
  beforeAll(async () => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const running = await startServer(
      ['node', 'dist/cohort.js', 'serve'],
      // With every kind of copy that has an age.
      {
        PORT: String(port),
        DATA_DIR: data,
        LOG_LEVEL: 'silent',
        LITESTREAM: 'true',
        OFFSITE_TO: 's3://bucket',
        BACKUP_EVERY: '60',
      },
      url,
    )
    const answer = await fetch(`${url}/metrics`)
    exposed = seriesOf(await answer.text())
    await running.end('SIGTERM')
  })
  afterAll(() => removeFolder(data))

  it('asks only for series that a running service has', () => {
    expect([...shown].filter(name => !exposed.has(name))).toEqual([])
  })

  it('leaves no series out', () => {
    const families = (names: Iterable<string>) =>
      new Set([...names].map(name => name.replace(/_(bucket|sum|count)$/, '')))
    expect([...families(exposed)].filter(name => !families(shown).has(name))).toEqual([])
  })

  it('has panels that do not overlap, each with its own id, of the data source that was chosen, for the instances that were chosen', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    for (const { title, targets = [] } of charts) {
      expect(targets, title).not.toEqual([])
      for (const { expr, datasource } of targets) {
        expect(datasource.uid).toMatch(/^\$\{datasource\}$/)
        expect(expr.split('{job=~"$job",instance=~"$instance"').length - 1, expr).toBe(
          expr.match(metric)?.length,
        )
      }
    }
  })
})
