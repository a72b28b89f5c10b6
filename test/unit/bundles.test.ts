import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeFolder, run, temporaryFolder } from '../support/process.ts'

let folder: string
beforeAll(() => {
  folder = temporaryFolder()
})
afterAll(() => removeFolder(folder))

async function built(...command: string[]): Promise<void> {
  const { code, stdout, stderr } = await run(command, { CI: 'true', WRANGLER_SEND_METRICS: 'false' })
  if (code !== 0) throw new Error(stdout + stderr)
}

/** The modules that a bundle leaves to its runtime; also such as only a message names. */
function importsOf(file: string): string[] {
  const imports = readFileSync(file, 'utf8').matchAll(
    /\b(?:from|import|import\(|require\()\s*["']([^"'\n]+)["']/g,
  )
  return [...new Set([...imports].map(([, path = '']) => path))]
}

const forOthers = /^(node:|bun:|better-sqlite3$|sharp$)/

/** Packages of Node alone that have a part in a bundle, as the metafile of whoever made it tells. */
function packagesOfNode(metafile: string): string[] {
  const { inputs } = JSON.parse(readFileSync(metafile, 'utf8')) as { inputs: Record<string, unknown> }
  return Object.keys(inputs).filter(path =>
    /node_modules\/(better-sqlite3|sharp|@img|@hono\/node-server)\//.test(path),
  )
}

/**
 * A module of one runtime builds fine for another and fails when it is run there: so what goes into each
 * bundle is looked at.
 */
describe('bundles', () => {
  it('for Workers: no module of a server, and smaller than the 3 MB of the free plan', async () => {
    const [outdir, metafile] = [join(folder, 'worker'), join(folder, 'worker.json')]
    await built(
      'node',
      'node_modules/wrangler/bin/wrangler.js',
      'deploy',
      '--dry-run',
      '--outdir',
      outdir,
      '--metafile',
      metafile,
    )
    expect(
      importsOf(join(outdir, 'worker.js')).filter(path => isBuiltin(path) || forOthers.test(path)),
    ).toEqual([])
    expect(packagesOfNode(metafile)).toEqual([])
    const uploaded = readdirSync(outdir).filter(name => /\.(js|wasm)$/.test(name))
    const size = uploaded.reduce((sum, name) => sum + gzipSync(readFileSync(join(outdir, name))).length, 0)
    console.info(`The Worker is ${Math.round(size / 1024)} KiB, compressed.`)
    expect(size).toBeLessThan(3 * 1024 ** 2)
  })

  it('of the Bun binary: neither better-sqlite3 nor sharp, which it could not load', async () => {
    const [outdir, metafile] = [join(folder, 'bun'), join(folder, 'bun.json')]
    const entries = ['src/entry/bun.ts', 'src/entry/voice-worker.ts', 'src/entry/log-worker.ts']
    await built(
      'node_modules/.bin/bun',
      'build',
      '--target=bun',
      ...entries,
      '--outdir',
      outdir,
      `--metafile=${metafile}`,
    )
    const imports = importsOf(join(outdir, 'bun.js'))
    expect(imports).toContain('bun:sqlite')
    expect(imports.filter(path => /^(better-sqlite3|sharp)$/.test(path))).toEqual([])
    expect(packagesOfNode(metafile)).toEqual([])
  })

  it('for Node: no module of Bun or of Workers', () => {
    const imports = importsOf('dist/program.cjs')
    expect(imports).toContain('better-sqlite3')
    expect(imports.filter(path => /^(bun|cloudflare)(:|$)/.test(path))).toEqual([])
  })
})
