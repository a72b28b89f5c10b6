interface Described {
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly schema: Schema
    readonly description?: string
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >
}

interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly maxItems?: number
}

interface Document {
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
}

/** The OpenAPI document as one page of plain HTML. It has no script and loads nothing. */
export function docsPage(openApi: Readonly<Record<string, unknown>>): string {
  const document = openApi as unknown as Document
  const entries = Object.entries(document.paths).flatMap(([path, methods]) => {
    const names = Object.keys(methods)
    const first = methods[names.at(-1) ?? '']
    return first === undefined ? [] : [{ path, methods: names, operation: first, tag: first.tags[0] ?? '' }]
  })
  const sections = document.tags.map(tag => {
    const own = entries.filter(entry => entry.tag === tag.name)
    return { ...tag, links: own.map(link).join(''), html: own.map(section).join('') }
  })
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(document.info.title)} API</title>
<style>${style}</style>
</head>
<body>
<nav><h1><a href="#top">${escapeHtml(document.info.title)}</a></h1>
${sections.map(({ name, links }) => `<h2>${escapeHtml(name)}</h2><ul>${links}</ul>`).join('')}</nav>
<main id="top">
<header><h1>${escapeHtml(document.info.title)} API <small>${escapeHtml(document.info.version)}</small></h1>
${document.info.description.split('\n\n').map(introduction).join('\n')}
<p>Machine-readable: <a href="openapi.json">openapi.json</a></p></header>
${sections.map(({ name, description, html }) => `<h2 class="tag" id="${escapeHtml(name)}">${escapeHtml(description)}</h2>${html}`).join('')}
</main>
</body>
</html>
`
}

interface Entry {
  readonly path: string
  readonly methods: readonly string[]
  readonly operation: Described
}

const anchor = (path: string): string => path.replace(/^\//, '').replaceAll('/', '-')

const link = ({ path }: Entry): string =>
  `<li><a href="#${escapeHtml(anchor(path))}">${escapeHtml(path)}</a></li>`

function section({ path, methods, operation }: Entry): string {
  const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema
  const query = (operation.parameters ?? []).filter(parameter => parameter.in === 'query')
  const inputs = [
    ...Object.entries(body?.properties ?? {}).map(([name, schema]) =>
      row(name, schema, body?.required?.includes(name) ?? false),
    ),
    ...query.map(parameter => row(parameter.name, parameter.schema, parameter.required)),
  ]
  const content = Object.values(operation.responses['200']?.content ?? {})[0]
  const answer = content?.schema.properties?.data
  return `<section id="${escapeHtml(anchor(path))}">
<h3>${methods.map(method => `<span class="method ${method}">${method.toUpperCase()}</span>`).join(' ')} <code>${escapeHtml(path)}</code></h3>
<p class="summary">${escapeHtml(operation.summary)}</p>
${operation.description ? `<p>${markdown(operation.description)}</p>` : ''}
${inputs.length > 0 ? table('Parameters', inputs) : ''}
${answer === undefined ? '' : answerTable(answer)}
</section>`
}

const table = (caption: string, rows: readonly string[]): string =>
  `<table><caption>${caption}</caption><tbody>${rows.join('')}</tbody></table>`

function answerTable(data: Schema): string {
  const schema = data.anyOf?.[0] ?? data
  const item = schema.items ?? schema
  const list = schema.items !== undefined
  if (item.properties === undefined)
    return `<p class="answer">Answers <code>data</code>: ${escapeHtml(typeOf(schema))}</p>`
  const rows = Object.entries(item.properties).map(([name, field]) => row(name, field, false))
  if (rows.length === 0) return '<p class="answer">Answers <code>data</code>: an empty object</p>'
  return table(`Answer: <code>data</code>, ${list ? 'a list of' : 'an object'}`, rows)
}

function row(name: string, schema: Schema, required: boolean): string {
  const notes = [
    required ? '<b>required</b>' : '',
    schema.default === undefined || schema.default === ''
      ? ''
      : `default ${escapeHtml(JSON.stringify(schema.default))}`,
    escapeHtml(schema.description ?? ''),
  ]
  return `<tr><td><code>${escapeHtml(name)}</code></td><td>${escapeHtml(typeOf(schema))}</td><td>${notes.filter(note => note !== '').join(', ')}</td></tr>`
}

function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(value => JSON.stringify(value)).join(' or ')
  if (schema.type === 'array')
    return `list of ${schema.items === undefined ? 'anything' : typeOf(schema.items)}${schema.maxItems ? `, at most ${schema.maxItems}` : ''}`
  const type = Array.isArray(schema.type) ? schema.type.join(' or ') : (schema.type ?? 'anything')
  if (schema.maxLength !== undefined)
    return `${type}, ${schema.minLength ?? 0} to ${schema.maxLength} characters`
  if (schema.maximum !== undefined && schema.maximum < Number.MAX_SAFE_INTEGER)
    return `${type}, ${schema.minimum ?? 0} to ${schema.maximum}`
  return String(type)
}

const escapeHtml = (text: string): string =>
  text.replace(
    /[&<>"]/g,
    character => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character] ?? character,
  )

const markdown = (text: string): string => escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>')

function introduction(paragraph: string): string {
  if (!paragraph.startsWith('Codes: ')) return `<p>${markdown(paragraph)}</p>`
  const codes = paragraph.slice('Codes: '.length, -1).split('; ')
  return `<details><summary>Codes</summary><table><tbody>${codes
    .map(code => /^(\d+) (.*)$/.exec(code))
    .map(match => `<tr><td><code>${match?.[1]}</code></td><td>${escapeHtml(match?.[2] ?? '')}</td></tr>`)
    .join('')}</tbody></table></details>`
}

const style = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --soft: color-mix(in srgb, currentColor 6%, transparent) }
* { box-sizing: border-box }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; display: grid; grid-template-columns: 300px minmax(0, 1fr) }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1rem; border-right: 1px solid var(--line); font-size: 13px }
nav ul { list-style: none; margin: 0; padding: 0 } nav li a { display: block; padding: 1px 0 } nav h1 { font-size: 1.2rem; margin: 0 }
nav h2 { font-size: .8rem; text-transform: uppercase; letter-spacing: .05em; margin: 1rem 0 .25rem }
main { padding: 1rem 2rem 4rem; max-width: 60rem }
a { color: inherit; text-decoration-color: var(--line) } code { font-family: ui-monospace, monospace; font-size: .92em }
section { border-top: 1px solid var(--line); padding: .75rem 0 } h3 { margin: .25rem 0; font-weight: 600 } p { margin: .25rem 0 .5rem }
.summary { font-weight: 600 } .method { font: 600 11px ui-monospace, monospace; padding: 2px 6px; border-radius: 4px; color: #fff; background: #57606a }
.get { background: #1a7f37 } .post { background: #0969da } .put { background: #9a6700 } .delete { background: #cf222e }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; font-size: 13.5px } caption { text-align: left; font-weight: 600; padding: .25rem 0 }
td { border: 1px solid var(--line); padding: 3px 8px; vertical-align: top } td:first-child { width: 12rem; background: var(--soft) }
.tag { margin-top: 2.5rem } small { font-weight: 400; font-size: .9rem }
@media (max-width: 800px) { body { display: block } nav { position: static; height: auto; border: 0 } main { padding: 1rem } td:first-child { width: auto } }
`
