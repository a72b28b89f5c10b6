import * as z from 'zod'
import { type Asset, assets } from './assets.gen.js'
import type { Exchange } from './exchange.ts'
import type { Route } from './route.ts'

/* The program's own files: the typed client, the console and the documentation. */

const nothing = z.object({})

/** For files with a hash in their URL. A new content has a new URL, so browsers may keep them for ever. */
const forEver = { 'cache-control': 'public, max-age=31536000, immutable' }
const asked = { 'cache-control': 'no-cache' }

/**
 * The console runs only its own script and style, and calls only this service. It shows only pictures of its
 * own, is shown in no frame, and cannot turn text into HTML.
 */
const consolePolicy = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
}

const unpacked = new Map<string, Promise<Uint8Array<ArrayBuffer>>>()
const packed = new Map<string, Uint8Array<ArrayBuffer>>()

/** The compressed file. Anybody may ask for it, so it is decoded once. */
function packedBytes({ etag, gzip }: Asset): Uint8Array<ArrayBuffer> {
  const bytes = packed.get(etag) ?? Uint8Array.from(atob(gzip), character => character.charCodeAt(0))
  packed.set(etag, bytes)
  return bytes
}

/** The uncompressed file. */
function plainBytes(asset: Asset): Promise<Uint8Array<ArrayBuffer>> {
  let bytes = unpacked.get(asset.etag)
  if (bytes === undefined) {
    const stream = new Blob([packedBytes(asset)]).stream().pipeThrough(new DecompressionStream('gzip'))
    bytes = new Response(stream).arrayBuffer().then(buffer => new Uint8Array(buffer))
    unpacked.set(asset.etag, bytes)
  }
  return bytes
}

/** Answers a file. It is compressed if the client accepts that. On Workers the edge compresses instead. */
async function answer(
  exchange: Exchange,
  asset: Asset,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const { runtime } = exchange.service.premises
  const compressed = runtime !== 'workers' && /\bgzip\b/.test(exchange.header('accept-encoding') ?? '')
  const bytes = compressed ? packedBytes(asset) : await plainBytes(asset)
  return exchange.bytes({
    size: bytes.length,
    etag: compressed ? `${asset.etag}-gzip` : asset.etag,
    headers: {
      'content-type': asset.type,
      vary: 'Accept-Encoding',
      ...(compressed && { 'content-encoding': 'gzip' }),
      ...headers,
    },
    open: async range => (range === undefined ? bytes : bytes.slice(range.start, range.end + 1)),
  })
}

const described = (path: string, title: string, tag: 'service' | 'page', { type }: Pick<Asset, 'type'>) => ({
  id: `get_${path.replace(/\W+/g, '_')}`,
  methods: ['GET'] as const,
  path,
  title,
  description: '',
  tag,
  who: 'everybody' as const,
  query: z.object({ v: z.string().optional().describe('its version; changes with it') }),
  answers: {
    200: {
      description: 'The file',
      content: { [type.split(';')[0] ?? '']: z.string() },
    },
    304: { description: 'The caller has it already' },
  },
})

const asset = (
  path: string,
  title: string,
  tag: 'service' | 'page',
  file: Asset,
  headers: Readonly<Record<string, string>>,
): Route => ({
  ...described(path, title, tag, file),
  handle: (exchange: Exchange) => answer(exchange, file, headers),
})

export const clientFile = asset(
  '/client.js',
  'The typed client, for pages without a bundler',
  'service',
  assets.client,
  asked,
)

/** The parts of the page /docs. Scalar's reference is not carried by every home (`Premises.reference`). */
export const docsRoutes: readonly Route[] = [
  asset('/docs/docs.js', 'Script of the documentation', 'page', assets.docsScript, forEver),
  asset('/docs/docs.css', 'Style of the documentation', 'page', assets.docsStyle, forEver),
  {
    ...described('/docs/reference.js', "Scalar's reference", 'page', assets.reference),
    async handle(exchange: Exchange) {
      const reference = await exchange.service.premises.reference?.()
      if (reference === undefined) return exchange.reject(404, 'this home has no script for the page /docs')
      return answer(exchange, reference, forEver)
    },
  },
]

/** Routes that CONSOLE=off leaves out. */
export const consoleRoutes: readonly Route[] = [
  asset('/console/', 'The console', 'page', assets.consolePage, { ...asked, ...consolePolicy }),
  asset('/console/console.js', 'Script of the console', 'page', assets.consoleScript, forEver),
  asset('/console/console.css', 'Style of the console', 'page', assets.consoleStyle, forEver),
  {
    id: 'get_console_slash',
    methods: ['GET'],
    path: '/console',
    title: 'Leads to the console',
    description: '',
    tag: 'page',
    who: 'everybody',
    query: nothing,
    answers: { 302: { description: 'To /console/' } },
    handle: exchange => exchange.redirect('/console/', {}),
  },
]
