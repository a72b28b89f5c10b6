// Runs the Worker locally, in workerd with D1 and R2 kept in DATA_DIR: the very bundle that `wrangler deploy`
// uploads, with the environment as its variables. WRANGLER_CONFIG names another configuration than
// wrangler.toml. Stops on SIGTERM and SIGINT. Building and migrating take seconds: `--prepare` does only
// that, `--prepared` relies on it having been done in this DATA_DIR.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const {
  PORT = '8787',
  HOST = '127.0.0.1',
  DATA_DIR = './data',
  WRANGLER_CONFIG = 'wrangler.toml',
} = process.env
const state = resolve(DATA_DIR)
const bundle = join(state, 'bundle')
const optionsFile = join(bundle, 'options.json')
const assetsFolder = join(bundle, 'assets')

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

async function prepare() {
  const { unstable_getMiniflareWorkerOptions: optionsOf, unstable_readConfig: readConfig } = await import(
    'wrangler'
  )
  const { workerOptions } = optionsOf(WRANGLER_CONFIG)
  mkdirSync(bundle, { recursive: true })
  wrangler('deploy', '--dry-run', '--outdir', bundle)
  const { assets } = readConfig({ config: WRANGLER_CONFIG })
  if (assets?.directory !== undefined)
    cpSync(resolve(dirname(WRANGLER_CONFIG), assets.directory), assetsFolder, { recursive: true })
  for (const database of Object.keys(workerOptions.d1Databases)) {
    wrangler('d1', 'migrations', 'apply', database, '--local', '--persist-to', state)
  }
  writeFileSync(optionsFile, JSON.stringify(workerOptions))
}

if (!process.argv.includes('--prepared')) await prepare()
if (process.argv.includes('--prepare')) process.exit(0)

// Where Miniflare keeps what it needs while it runs: in DATA_DIR, since it does not clean up when it is
// killed.
const temporary = join(state, 'tmp')
rmSync(temporary, { recursive: true, force: true })
mkdirSync(temporary)
process.env.TMPDIR = temporary

const { Miniflare, Response } = await import('miniflare')
// The service reads of these what it knows, and nothing else.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => /^[A-Z][A-Z0-9_]*$/.test(name)),
)
// With `assets` Miniflare puts a router before the Worker, which passes no cron trigger on.
const { assets: _, ...workerOptions } = JSON.parse(readFileSync(optionsFile, 'utf8'))
const files = readdirSync(bundle).filter(name => name.endsWith('.wasm'))
// Cloudflare answers the URLs of static assets before the Worker is asked. Here the Worker asks for them.
const serviceBindings = existsSync(assetsFolder) && {
  ASSETS: ({ url }) =>
    new Response(readFileSync(join(assetsFolder, new URL(url).pathname)), {
      headers: { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'no-cache' },
    }),
}
const miniflare = new Miniflare({
  ...workerOptions,
  ...(serviceBindings && { serviceBindings }),
  host: HOST,
  port: Number(PORT),
  modulesRoot: bundle,
  modules: [
    {
      type: 'ESModule',
      path: join(bundle, 'worker.js'),
      contents: readFileSync(join(bundle, 'worker.js'), 'utf8'),
    },
    ...files.map(name => ({
      type: 'CompiledWasm',
      path: join(bundle, name),
      contents: readFileSync(join(bundle, name)),
    })),
  ],
  d1Persist: join(state, 'v3', 'd1'),
  r2Persist: join(state, 'v3', 'r2'),
  durableObjectsPersist: join(state, 'v3', 'do'),
  bindings: { ...workerOptions.bindings, ...environment },
  // GET /cdn-cgi/handler/scheduled runs the cron trigger.
  unsafeTriggerHandlers: true,
})
let told = false
const stop = async () => {
  if (told) process.exit(1)
  told = true
  await drained()
  await miniflare.dispose()
  process.exit(0)
}

/** Resolves when workerd has answered what it has begun, or after ten seconds: Miniflare would cut it off. */
async function drained() {
  const pid = workerdOfThis()
  if (pid === undefined) return
  const deadline = Date.now() + 10_000
  process.kill(pid, 'SIGTERM')
  while (isRunning(pid) && Date.now() < deadline) await new Promise(resolve => setTimeout(resolve, 20))
}

/** The process that Miniflare has started. Asked of /proc on Linux, for a minimal Debian has no pgrep. */
function workerdOfThis() {
  if (process.platform === 'linux') {
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ')
    return children.map(Number).find(pid => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'workerd')
  }
  const found = spawnSync('pgrep', ['-P', String(process.pid), 'workerd'], { encoding: 'utf8' }).stdout
  return Number(found?.split('\n')[0]) || undefined
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  // Miniflare has put listeners of its own here, which exit at once; what it does at the exit itself stays.
  process.removeAllListeners(signal)
  process.on(signal, stop)
}
const url = await miniflare.ready
process.stderr.write(`Cohort's Worker is listening on ${url.origin}\n`)
