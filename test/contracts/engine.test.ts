import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { beforeAll, describe, expect, it } from 'vitest'
import { betterSqlite3 } from '../../src/db/engines/better-sqlite3.ts'
import { removeFolder, run, temporaryFolder } from '../support/process.ts'
import { serialBank } from '../support/serial-bank.ts'
import { reportOf } from './engine/bank.ts'
import { everyEngine } from './engine/every.ts'
import { remoteEngines } from './engine/remote.ts'
import { serialEngines } from './engine/serial.ts'

/** Each engine is held against the same cases where it lives; what became of them is told here. */
function engineContract(
  engine: string,
  cases: object,
  report: (folder: string) => Promise<Record<string, string>>,
): void {
  describe(engine, () => {
    let became: Record<string, string>
    beforeAll(async () => {
      const folder = temporaryFolder()
      became = await report(folder)
      await removeFolder(folder)
    })
    it.each(Object.keys(cases))('%s', name => expect(became[name]).toBe('ok'))
  })
}

const serial = { ...everyEngine, ...serialEngines }
const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

engineContract('better-sqlite3 in Node', serial, async folder => {
  const bank = serialBank(betterSqlite3, join(folder, 'bank.db'))
  const report = await reportOf(serial, bank)
  bank.engine.close()
  return report
})

for (const [engine, command] of Object.entries({
  'bun:sqlite in Bun': ['bun'],
  'node:sqlite in Deno': ['deno', 'run', '--allow-all'],
})) {
  engineContract(engine, serial, async folder => {
    const [runtime, ...options] = command
    const script = [pathOf('../support/engine-server.ts'), join(folder, 'bank.db')]
    const { code, stdout, stderr } = await run([
      pathOf(`../../node_modules/.bin/${runtime}`),
      ...options,
      ...script,
    ])
    if (code !== 0) throw new Error(stderr)
    return JSON.parse(stdout)
  })
}

engineContract('D1 in workerd', { ...everyEngine, ...remoteEngines }, async folder => {
  await build({
    entryPoints: { worker: pathOf('../support/engine-worker.ts') },
    outdir: folder,
    bundle: true,
    format: 'esm',
    external: ['node:assert/strict'],
    logLevel: 'warning',
  })
  const miniflare = new Miniflare({
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['nodejs_compat'],
    modulesRoot: folder,
    modules: [{ type: 'ESModule', path: join(folder, 'worker.js') }],
    d1Databases: { DB: 'bank' },
    d1Persist: folder,
  })
  const report = await (await miniflare.dispatchFetch('http://localhost/')).json()
  await miniflare.dispose()
  return report as Record<string, string>
})
