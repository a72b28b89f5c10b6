// Writes dist/program.cache: what V8 compiles of dist/program.cjs when the service starts, so that a start
// need not do it again. src/entry/start-node.ts reads it. It is of use to this version of V8 only.
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'
import { writeWhole } from './write-whole.mjs'

const dist = new URL('../dist/', import.meta.url)
const program = fileURLToPath(new URL('program.cjs', dist))
const cache = fileURLToPath(new URL('program.cache', dist))
const { href } = new URL('cohort.js', dist)
const source = readFileSync(program, 'latin1')
const digest = createHash('sha256').update(process.versions.v8).update(source).digest()

const isKept = existsSync(cache) && readFileSync(cache).subarray(0, digest.length).equals(digest)
if (!isKept) await compile()

/** V8 compiles a function when it is first called: so the service is started and asked once. */
async function compile() {
  const script = new Script(source, { filename: program })
  const data = mkdtempSync(join(tmpdir(), 'cohort-build-'))
  const port = await freePort()
  process.argv = [process.execPath, fileURLToPath(href), 'serve']
  Object.assign(process.env, {
    DATA_DIR: data,
    HOST: '127.0.0.1',
    PORT: String(port),
    APP_ID: 'demo',
    APP_SECRET: 'a-secret-that-is-used-only-here',
  })
  process.on('exit', () => {
    // The program keeps what it writes to itself. This is for all who may read the program.
    process.umask(0o022)
    writeWhole(cache, Buffer.concat([digest, script.createCachedData()]))
    rmSync(data, { recursive: true })
  })
  script.runInThisContext()(createRequire(href), href)
  const url = `http://127.0.0.1:${port}/group/info?group_id=1`
  while (!(await fetch(url).catch(() => undefined))) {
    if (process.exitCode !== undefined) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  process.kill(process.pid, 'SIGTERM')
}

function freePort() {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}
