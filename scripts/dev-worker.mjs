// Runs the Worker locally, in workerd with D1 and R2 kept in DATA_DIR: the very bundle that `wrangler deploy` uploads, with the environment as its
// variables. WRANGLER_CONFIG names another configuration than wrangler.toml. Stops on SIGTERM and SIGINT.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Miniflare } from 'miniflare'
import { unstable_getMiniflareWorkerOptions as optionsOf } from 'wrangler'

const { PORT = '8787', HOST = '127.0.0.1', DATA_DIR = './data', WRANGLER_CONFIG = 'wrangler.toml' } = process.env
const state = resolve(DATA_DIR)
const bundle = join(state, 'bundle')
mkdirSync(bundle, { recursive: true })

function wrangler(...args) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['node_modules/wrangler/bin/wrangler.js', ...args, '--config', WRANGLER_CONFIG],
    {
      encoding: 'utf8',
      env: { ...process.env, CI: 'true', WRANGLER_SEND_METRICS: 'false' },
    },
  )
  if (status === 0) return
  process.stderr.write(stdout + stderr)
  process.exit(status ?? 1)
}

const { workerOptions } = optionsOf(WRANGLER_CONFIG)
wrangler('deploy', '--dry-run', '--outdir', bundle)
for (const database of Object.keys(workerOptions.d1Databases)) {
  wrangler('d1', 'migrations', 'apply', database, '--local', '--persist-to', state)
}

// The service reads of these what it knows, and nothing else.
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => /^[A-Z][A-Z0-9_]*$/.test(name)))
const files = readdirSync(bundle).filter(name => name.endsWith('.wasm'))
const miniflare = new Miniflare({
  ...workerOptions,
  host: HOST,
  port: Number(PORT),
  modulesRoot: bundle,
  modules: [
    { type: 'ESModule', path: join(bundle, 'worker.js'), contents: readFileSync(join(bundle, 'worker.js'), 'utf8') },
    ...files.map(name => ({ type: 'CompiledWasm', path: join(bundle, name), contents: readFileSync(join(bundle, name)) })),
  ],
  d1Persist: join(state, 'v3', 'd1'),
  r2Persist: join(state, 'v3', 'r2'),
  bindings: { ...workerOptions.bindings, ...environment },
})
const stop = async () => {
  await miniflare.dispose()
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
const url = await miniflare.ready
process.stderr.write(`Cohort's Worker is listening on ${url.origin}\n`)
