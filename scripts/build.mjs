// Builds dist/cohort.js, what `npm start` and the command line run on Node.
import { execFileSync } from 'node:child_process'
import { basename } from 'node:path'
import { build as bundle } from 'esbuild'
import './build-assets.mjs'
import { writeWhole } from './write-whole.mjs'

/** As esbuild's `build`; the files are replaced as a whole. */
async function build(options) {
  const { outputFiles } = await bundle({ ...options, write: false })
  for (const { path, contents } of outputFiles)
    writeWhole(path, contents, basename(path) === 'cohort.js' ? 0o755 : 0o644)
}

const forNode = {
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  // Native code, and what is loaded only where it is used.
  external: ['better-sqlite3', 'sharp', '@aws-sdk/*'],
  logLevel: 'warning',
}

// The program as one function, so that V8 can keep what it has compiled of it (src/entry/start-node.ts).
await build({
  ...forNode,
  entryPoints: { program: 'src/entry/node.ts' },
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  define: { 'import.meta.url': 'programUrl' },
  // A function that comes out of the cache cannot import. It can require.
  supported: { 'dynamic-import': false },
  banner: { js: '(function (require, programUrl) {' },
  footer: { js: '})' },
  plugins: [
    {
      name: 'a megabyte that no start loads',
      setup: ({ onResolve }) =>
        onResolve({ filter: /reference\.gen\.js$/ }, () => ({ path: './reference.cjs', external: true })),
    },
  ],
})

await build({
  ...forNode,
  entryPoints: { reference: 'src/http/reference.gen.js' },
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
})

await build({
  ...forNode,
  entryPoints: {
    cohort: 'src/entry/start-node.ts',
    'voice-worker': 'src/entry/voice-worker.ts',
    'picture-process': 'src/entry/picture-process.ts',
    'checkpoint-worker': 'src/entry/checkpoint-worker.ts',
    'log-worker': 'src/entry/log-worker.ts',
  },
  format: 'esm',
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as requireFrom } from 'node:module'\nconst require = requireFrom(import.meta.url)\nconst __dirname = import.meta.dirname",
  },
})
// It starts the service: without the settings of whoever builds, which may name a real bucket.
execFileSync(process.execPath, ['scripts/compile-program.mjs'], { env: {}, stdio: 'pipe' })

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
