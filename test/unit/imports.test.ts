import { describe, expect, it } from 'vitest'
import { type Source, sourcesIn } from '../support/sources.ts'

const sources = sourcesIn('src')
const byPath = new Map(sources.map(source => [source.path, source]))

/** Adapters to runtimes: the only places, beside the entries, that may name one. */
const adapters = /^(entry|db\/engines|blobs|media|outbound)\/|^scan\/clamd\.ts$/

/** Routes of the file API that take or answer bytes. They are no operations: they speak HTTP. */
const byteRoutes = [
  'file/download/download.ts',
  'file/upload/receive.ts',
  'file/download/headers.ts',
  'file/download/credential.ts',
  'file/scanned-object.ts',
]

interface Direction {
  readonly from: RegExp
  readonly never: RegExp
  readonly why: string
}

/** Imports run one way: entry → app → operations → ports. */
const directions: readonly Direction[] = [
  { from: /^(?!entry\/)/, never: /^entry\//, why: 'an entry puts the parts together; no part knows it' },
  { from: /^(?!entry\/)/, never: /^service\.ts$/, why: 'the service is what entries start' },
  { from: /^(?!(entry|db)\/)/, never: /^db\/engines\//, why: 'an entry chooses the engine' },
  {
    from: /^(?!(entry|blobs)\/)/,
    never: /^blobs\/(folder|s3|s3-client|r2)\.ts$/,
    why: 'an entry chooses the store',
  },
  { from: /^(?!(entry|scan)\/)/, never: /^scan\/clamd\.ts$/, why: 'an entry chooses the scanner' },
  {
    from: /^(?!(entry|outbound)\/)/,
    never: /^outbound\/(node|fetch)-outbound\.ts$/,
    why: 'an entry chooses how others are reached',
  },
  { from: /^group\//, never: /^http\//, why: 'an operation never sees HTTP' },
  {
    from: /^(group|file)\//,
    never: /^(tenant\/(?!app\.ts$)|jobs\/|(config|log|metrics|operations)\.ts$)/,
    why: 'an operation decides from its call and its rows',
  },
  { from: /^http\//, never: /^(group|file|blobs|media)\//, why: 'HTTP serves operations, whatever they are' },
  { from: /^db\//, never: /^(group|file|http|blobs|media)\//, why: 'the database knows rows' },
  { from: /^(blobs|media)\//, never: /^(group|file|http|db)\//, why: 'an adapter knows its port' },
  {
    from: /^(operation\/(errors|ids|roles)|platform|version)\.ts$/,
    never: /^(?!operation\/errors\.ts$)[a-z]/,
    why: 'the base rests on nothing',
  },
]

const named = (
  source: Source,
  isWrong: (specifier: string, file: string, typeOnly: boolean) => boolean,
): string[] =>
  source.imports
    .filter(({ specifier, file = '', typeOnly }) => isWrong(specifier, file, typeOnly))
    .map(({ specifier }) => `${source.path} → ${specifier}`)

/** All that the operations are made of: what they import, and what that imports. */
function operationSources(): Source[] {
  const found = new Map<string, Source>()
  const visit = (path: string): void => {
    const source = byPath.get(path)
    if (source === undefined || found.has(path)) return
    found.set(path, source)
    for (const { file, typeOnly } of source.imports) if (file !== undefined && !typeOnly) visit(file)
  }
  visit('operations.ts')
  return [...found.values()]
}

describe('the sources', () => {
  it('are found', () => {
    expect(sources.length).toBeGreaterThan(80)
    expect(byPath.get('group/info.ts')?.imports).toContainEqual({
      specifier: '../db/query.ts',
      file: 'db/query.ts',
      typeOnly: false,
    })
    expect(byPath.get('group/info.ts')?.imports.map(({ specifier }) => specifier)).toContain('zod')
    expect(operationSources().length).toBeGreaterThan(30)
  })

  it('name a runtime only in entries and adapters', () => {
    const core = sources.filter(({ path }) => !adapters.test(path))
    expect(
      core.flatMap(source =>
        named(source, specifier =>
          /^(node|bun|cloudflare|deno|jsr|npm):|^(fs|path|http|crypto|stream|os)$/.test(specifier),
        ),
      ),
    ).toEqual([])
    const globals = core.flatMap(({ path, code }) =>
      [...code.matchAll(/(?<!\.)\b(Bun|Deno|process|Buffer|__dirname)\b(?=[.([])/g)].map(
        ([name]) => `${path}: ${name}`,
      ),
    )
    expect(globals).toEqual([])
  })

  it('start and kill other programs in one place, which never signals the number of one that has ended', () => {
    const others = sources.filter(({ path }) => path !== 'media/process/child.ts')
    const starting = others.flatMap(source =>
      named(source, (specifier, _, typeOnly) => specifier === 'node:child_process' && !typeOnly),
    )
    const killing = others.filter(({ code }) => /\.kill\((?!.*, 0\))/.test(code))
    expect([...starting, ...killing.map(({ path }) => path)]).toEqual([])
  })

  it('of operations know neither Hono nor HTTP nor engines nor stores', () => {
    const wrong = (specifier: string, file: string) =>
      /^hono|^@hono|^jose$/.test(specifier) ||
      /^(entry|db\/engines|blobs)\//.test(file) ||
      /^http\//.test(file)
    expect(
      operationSources().flatMap(source => named(source, (specifier, file) => wrong(specifier, file))),
    ).toEqual([])
    expect(operationSources().filter(({ path }) => byteRoutes.includes(path))).toEqual([])
  })

  it('know Hono only where HTTP is', () => {
    const others = sources.filter(
      ({ path }) => !/^(http|entry)\/|^service\.ts$/.test(path) && !byteRoutes.includes(path),
    )
    expect(others.flatMap(source => named(source, specifier => /^@?hono/.test(specifier)))).toEqual([])
  })

  it.each(directions)('import one way: $why', ({ from, never }) => {
    expect(
      sources
        .filter(({ path }) => from.test(path))
        .flatMap(source => named(source, (_, file, typeOnly) => !typeOnly && never.test(file))),
    ).toEqual([])
  })

  it('import in no circle', () => {
    const circles: string[] = []
    const done = new Set<string>()
    const visit = (path: string, way: readonly string[]): void => {
      if (way.includes(path)) {
        circles.push([...way.slice(way.indexOf(path)), path].join(' → '))
        return
      }
      if (done.has(path)) return
      for (const { file, typeOnly } of byPath.get(path)?.imports ?? [])
        if (file !== undefined && !typeOnly) visit(file, [...way, path])
      done.add(path)
    }
    for (const { path } of sources) visit(path, [])
    expect(circles).toEqual([])
  })

  it('are named for what they hold, and hold what they are named for', () => {
    const paths = sources.map(({ path }) => path)
    expect(paths.filter(path => /(^|\/)(utils?|helpers?|common|misc|index)\.ts$/.test(path))).toEqual([])
    expect(
      paths.filter(path => !/^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.ts$/.test(path)),
    ).toEqual([])
    const barrels = sources.filter(({ code }) => {
      const statements = code.split('\n').filter(line => /^\w/.test(line))
      return statements.length > 0 && statements.every(line => /^export\s+(\*|type \{|\{)/.test(line))
    })
    expect(barrels.map(({ path }) => path)).toEqual([])
    // A Worker is a default export; nothing else is.
    expect(
      sources
        .filter(({ path, code }) => /^export default\b/m.test(code) && !path.startsWith('entry/'))
        .map(({ path }) => path),
    ).toEqual([])
  })

  it('are at most 400 lines long, and their comments 110 characters wide', () => {
    const all = ['src', 'test', 'scripts'].flatMap(folder =>
      sourcesIn(folder).map(({ path, text }) => ({
        path: `${folder}/${path}`,
        lines: text.split('\n').slice(0, -1),
      })),
    )
    expect(all.filter(({ lines }) => lines.length > 400).map(({ path }) => path)).toEqual([])
    const wide = all.flatMap(({ path, lines }) =>
      lines.filter(line => line.length > 110 && /^ *(\*|\/[/*])/.test(line)).map(line => `${path}: ${line}`),
    )
    expect(wide).toEqual([])
  })
})
