// What a released version answers to a story of requests over every operation, for
// test/answers/answers.test.ts:
//   node scripts/record-answers.mjs --service 'node ../cohort-0.1.0/dist/cohort.js' \
//     --to test/fixtures/released/0.1.0/answers.ndjson
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

mkdirSync('dist', { recursive: true })
const folder = mkdtempSync('dist/record-answers-')
const outfile = join(folder, 'record.mjs')
await build({
  entryPoints: ['test/answers/record.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  external: ['better-sqlite3', 'sharp', 'vitest'],
  banner: {
    js: "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)",
  },
  logLevel: 'warning',
})
try {
  await import(`../${outfile}`)
} finally {
  rmSync(folder, { recursive: true })
}
