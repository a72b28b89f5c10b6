// Writes src/http/assets.gen.js: the typed client, the console and the documentation as every home hands them
// out, each file compressed and with a tag made of its content. Scalar's reference, which draws the
// documentation, is a megabyte: it has a module of its own, and on Workers it is a static asset. All of it is
// made before each build, so it is not in the repository.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { writeWhole } from './write-whole.mjs'

const root = new URL('..', import.meta.url)
const read = path => readFileSync(new URL(path, root), 'utf8')
const tagOf = content => createHash('sha256').update(content).digest('base64url').slice(0, 16)

async function bundled(entry, loader = {}) {
  const { outputFiles } = await build({
    entryPoints: [new URL(entry, root).pathname],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'warning',
    ...loader,
  })
  return outputFiles[0].text
}

const client = await bundled('src/client/client.ts')
const script = await bundled('src/console/main.tsx')
const style = await bundled('src/console/console.css')
const docsScript = await bundled('src/docs/main.ts')
const docsStyle = await bundled('src/docs/docs.css')
const reference = read('node_modules/@scalar/fastify-api-reference/dist/js/standalone.js')
const page = read('src/console/index.html')
  .replace('CSS_HASH', tagOf(style))
  .replace('JS_HASH', tagOf(script))

const javascript = 'text/javascript; charset=utf-8'
const files = {
  client: { type: javascript, content: client },
  consolePage: { type: 'text/html; charset=utf-8', content: page },
  consoleScript: { type: javascript, content: script },
  consoleStyle: { type: 'text/css; charset=utf-8', content: style },
  docsScript: { type: javascript, content: docsScript },
  docsStyle: { type: 'text/css; charset=utf-8', content: docsStyle },
}
const asset = ({ type, content }) =>
  JSON.stringify({ type, etag: tagOf(content), gzip: gzipSync(content, { level: 9 }).toString('base64') })
const write = (path, text) =>
  writeWhole(new URL(path, root), `// Made by scripts/build-assets.mjs.\n${text}\n`)

const entries = Object.entries(files).map(([name, file]) => `  ${name}: ${asset(file)},\n`)
const referenceTag = JSON.stringify({ type: javascript, etag: tagOf(reference) })
write(
  'src/http/assets.gen.js',
  `export const assets = {\n${entries.join('')}  reference: ${referenceTag},\n}`,
)
// To compress a megabyte takes half a second: it is done only when there is another one.
const made = new URL('src/http/reference.gen.js', root)
if (!existsSync(made) || !readFileSync(made, 'utf8').includes(tagOf(reference)))
  write(
    'src/http/reference.gen.js',
    `export const reference = ${asset({ type: javascript, content: reference })}`,
  )
writeWhole(new URL('src/entry/worker/assets/docs/reference.js', root), reference)
