// npm run bench: builds the service, its binary and the benchmark, and runs them from a folder of their own,
// so that a build meanwhile does not change what is measured. The benchmark removes the folder in the end.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync } from 'node:fs'
import { build } from 'esbuild'

const { status } = spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)
const folder = mkdtempSync('dist/bench-')
for (const file of readdirSync('dist').filter(name => /\.(c?js|cache)$/.test(name)))
  copyFileSync(`dist/${file}`, `${folder}/${file}`)
const compiled = spawnSync(
  'npm',
  ['run', '--silent', 'build:binary', '--', '--outfile', `${folder}/cohort`],
  {
    stdio: ['ignore', 'ignore', 'inherit'],
  },
)
if (compiled.status !== 0) process.stderr.write('… the binary could not be built: it is left out\n')
const entry = process.argv.includes('--peers') ? 'peers' : 'main'
await build({
  entryPoints: [`test/bench/${entry}.ts`, ...['yardstick', 'load'].map(name => `test/bench/${name}.ts`)],
  outdir: folder,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['better-sqlite3', 'sharp', 'autocannon', '@aws-sdk/*'],
  banner: {
    js: "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)",
  },
  logLevel: 'warning',
})
await import(`../../${folder}/${entry}.js`)
