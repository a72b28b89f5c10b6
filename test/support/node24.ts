import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { temporaryFolder } from './process.ts'

/*
 * The program as Node 24 runs it, beside the Node that runs the tests. Node comes from its npm package, which
 * is only unpacked: installed, it would put its `node` before the machine's in every npm script. SQLite is
 * compiled once for it, which takes a minute or two, and kept below node_modules.
 */

const major = 24
const cache = resolve('node_modules/.cache/cohort-node24')

/** The command that runs the program under Node 24; what it needs lies in `folder`. */
export function programOnNode24(folder: string): string[] {
  if (Number(process.versions.node.split('.')[0]) >= major) return [process.execPath, 'dist/cohort.js']
  const { node, sqlite } = prepared()
  cpSync('dist', join(folder, 'dist'), { recursive: true })
  mkdirSync(join(folder, 'node_modules'))
  for (const name of readdirSync('node_modules')) {
    const from = name === 'better-sqlite3' ? sqlite : resolve('node_modules', name)
    symlinkSync(from, join(folder, 'node_modules', name))
  }
  return [node, join(folder, 'dist', 'cohort.js')]
}

/** Node 24 and an SQLite for it, from the cache or made now. */
function prepared(): { node: string; sqlite: string } {
  const { version } = JSON.parse(readFileSync('node_modules/better-sqlite3/package.json', 'utf8'))
  const ready = join(cache, `better-sqlite3-${version}`)
  if (!existsSync(ready)) {
    const working = temporaryFolder()
    make(working)
    mkdirSync(cache, { recursive: true })
    cpSync(working, ready, { recursive: true })
    rmSync(working, { recursive: true })
  }
  return { node: join(ready, 'package/bin/node'), sqlite: join(ready, 'node_modules/better-sqlite3') }
}

function make(folder: string): void {
  const packed = `node-${process.platform}-${process.arch}@${major}`
  const run = (command: string, args: string[], environment = {}) =>
    execFileSync(command, args, { cwd: folder, stdio: 'pipe', env: { ...process.env, ...environment } })
  const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', packed]).toString())
  run('tar', ['-xzf', filename])
  rmSync(join(folder, filename))
  mkdirSync(join(folder, 'node_modules'))
  for (const name of ['better-sqlite3', 'bindings', 'file-uri-to-path'])
    cpSync(join('node_modules', name), join(folder, 'node_modules', name), { recursive: true })
  rmSync(join(folder, 'node_modules/better-sqlite3/build'), { recursive: true, force: true })
  const unpacked = join(folder, 'package')
  const npm = join(execFileSync('npm', ['root', '-g']).toString().trim(), 'npm')
  const gyp = join(npm, 'node_modules/node-gyp/bin/node-gyp.js')
  execFileSync(
    join(unpacked, 'bin/node'),
    [gyp, 'rebuild', '--release', '--jobs=max', `--nodedir=${unpacked}`],
    {
      cwd: join(folder, 'node_modules/better-sqlite3'),
      stdio: 'pipe',
      // Where npm runs the tests, this variable may name another Node's headers, and wins.
      env: { ...process.env, npm_config_nodedir: unpacked },
    },
  )
}
