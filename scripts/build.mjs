// Builds dist/cohort.js, what `npm start` and the command line run on Node.
import { chmodSync } from 'node:fs'
import { build } from 'esbuild'
import './build-assets.mjs'

await build({
  entryPoints: {
    cohort: 'src/entry/node.ts',
    'voice-worker': 'src/entry/voice-worker.ts',
    'picture-process': 'src/entry/picture-process.ts',
    'checkpoint-worker': 'src/entry/checkpoint-worker.ts',
    'log-worker': 'src/entry/log-worker.ts',
  },
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  // Native code, and what is loaded only where it is used.
  external: ['better-sqlite3', 'sharp', '@aws-sdk/*'],
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as requireFrom } from 'node:module'\nconst require = requireFrom(import.meta.url)\nconst __dirname = import.meta.dirname",
  },
  logLevel: 'warning',
})
chmodSync('dist/cohort.js', 0o755)

// The typed client: one file for browsers, Node, Bun, Deno and Workers.
await build({
  entryPoints: ['src/client/client.ts'],
  outfile: 'dist/client/client.js',
  bundle: true,
  minify: true,
  platform: 'neutral',
  format: 'esm',
  target: 'es2022',
  sourcemap: true,
  logLevel: 'warning',
})
