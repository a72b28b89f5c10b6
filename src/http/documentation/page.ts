import { assets } from '../assets.gen.js'
import { sections } from './sections.ts'

interface Call {
  readonly summary: string
  readonly tags: readonly string[]
}

interface Described {
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Call>>>>
}

/**
 * The page /docs. Scalar's reference draws it from the OpenAPI document; it is loaded from this service
 * alone. A browser without scripts, and whoever reads the source, gets a list of all routes.
 */
export function docsPage(openApi: Readonly<Record<string, unknown>>): string {
  // The document is made by `openApi` of this folder, so it has these fields.
  const { info, paths } = openApi as unknown as Described
  const entries = Object.entries(paths)
  const lists = sections.map(({ name, description }) => {
    const own = entries.filter(([, calls]) => Object.values(calls)[0]?.tags.includes(name))
    return `<h2>${escapeHtml(description)}</h2>\n<ul>\n${own.map(item).join('')}</ul>\n`
  })
  const title = `${escapeHtml(info.title)} API ${escapeHtml(info.version)}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/docs.css?v=${assets.docsStyle.etag}">
<script defer src="/docs/reference.js?v=${assets.reference.etag}"></script>
<script defer src="/docs/docs.js?v=${assets.docsScript.etag}"></script>
</head>
<body>
<div id="docs"></div>
<noscript>
<main class="plain">
<h1>${title}</h1>
<p>With scripts this page has a search, examples and a way to try. <a href="/openapi.json">/openapi.json</a> is the document itself.</p>
${lists.join('')}</main>
</noscript>
</body>
</html>
`
}

function item([path, calls]: readonly [string, Readonly<Record<string, Call>>]): string {
  const methods = Object.keys(calls).map(method => method.toUpperCase())
  const summary = Object.values(calls)[0]?.summary ?? ''
  return `<li><code>${methods.join(', ')} ${escapeHtml(path)}</code> ${escapeHtml(summary)}</li>\n`
}

const escapeHtml = (text: string): string =>
  text.replace(
    /[&<>"]/g,
    character => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character] ?? character,
  )
