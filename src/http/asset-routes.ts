import * as z from 'zod'
import { type Asset, assets } from './assets.gen.js'
import type { Exchange } from './exchange.ts'
import type { Route } from './route.ts'

/* The program's own files: the typed client and the console. */

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

const packedBytes = ({ gzip }: Asset): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(gzip), character => character.charCodeAt(0))

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
  const packed = runtime !== 'workers' && /\bgzip\b/.test(exchange.header('accept-encoding') ?? '')
  const bytes = packed ? packedBytes(asset) : await plainBytes(asset)
  return exchange.bytes({
    size: bytes.length,
    etag: packed ? `${asset.etag}-gzip` : asset.etag,
    headers: {
      'content-type': asset.type,
      vary: 'Accept-Encoding',
      ...(packed && { 'content-encoding': 'gzip' }),
      ...headers,
    },
    open: async range => (range === undefined ? bytes : bytes.slice(range.start, range.end + 1)),
  })
}

const asset = (
  path: string,
  title: string,
  tag: 'service' | 'page',
  file: Asset,
  headers: Readonly<Record<string, string>>,
): Route => ({
  id: `get_${path.replace(/\W+/g, '_')}`,
  methods: ['GET'],
  path,
  title,
  description: '',
  tag,
  who: 'everybody',
  query: z.object({ v: z.string().optional().describe('its version; changes with it') }),
  answers: {
    200: {
      description: 'The file',
      content: { [file.type.split(';')[0] ?? '']: z.string() },
    },
    304: { description: 'The caller has it already' },
  },
  handle: exchange => answer(exchange, file, headers),
})

export const clientFile = asset(
  '/client.js',
  'The typed client, for pages without a bundler',
  'service',
  assets.client,
  asked,
)

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
