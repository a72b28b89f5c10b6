// Writes src/http/assets.gen.js: the typed client and the console as every home hands them out, each file
// compressed and with a tag made of its content. It is made before each build, so it is not in the repository.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

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
const page = read('src/console/index.html')
  .replace('CSS_HASH', tagOf(style))
  .replace('JS_HASH', tagOf(script))

const javascript = 'text/javascript; charset=utf-8'
const files = {
  client: { type: javascript, content: client },
  consolePage: { type: 'text/html; charset=utf-8', content: page },
  consoleScript: { type: javascript, content: script },
  consoleStyle: { type: 'text/css; charset=utf-8', content: style },
}
const entries = Object.entries(files).map(([name, { type, content }]) => {
  const gzip = gzipSync(content, { level: 9 }).toString('base64')
  return `  ${name}: ${JSON.stringify({ type, etag: tagOf(content), gzip })},`
})
writeFileSync(
  new URL('src/http/assets.gen.js', root),
  `// Made by scripts/build-assets.mjs.\nexport const assets = {\n${entries.join('\n')}\n}\n`,
)
