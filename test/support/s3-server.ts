import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { close, startBackend, urlOf } from './s3-backend.ts'
import { refuseForm } from './s3-post-policy.ts'
import { refuseRequest, S3Refusal, type SignedRequest } from './s3-signature.ts'

/**
 * What the server does wrong. `down`: closes every connection. `slow`: never answers, and downloads stop half way and hang.
 * `lying`: claims success with a web page and does nothing, and downloads break off half way.
 */
export type Fault = 'none' | 'down' | 'slow' | 'lying'

export interface S3Server {
  readonly endpoint: string
  readonly bucket: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  setFault(fault: Fault): void
  /** Sets the server's clock ahead, so that signatures expire. */
  setClock(aheadMs: number): void
  /** The ids of multipart uploads neither completed nor aborted: bytes that lie in the bucket unseen. */
  openUploads(): Promise<readonly string[]>
  stop(): Promise<void>
}

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

const bucket = 'cohort-test'
const region = 'us-east-1'
// The only id s3rver takes; the secret is this server's own.
const accessKeyId = 'S3RVER'
const hopHeaders = ['connection', 'content-length', 'expect', 'host', 'keep-alive', 'range', 'transfer-encoding']

/**
 * An S3 service for tests on a random loopback port (path style), in a folder that goes with it: s3rver behind a front that
 * verifies every signature, expiry and POST policy, as S3 does, and adds what s3rver lacks (ranges, conditional writes, CORS).
 * Without `conditionalWrites` it refuses `If-None-Match` as some compatible services do.
 */
export async function startS3Server({ conditionalWrites = true } = {}): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), 'cohort-s3-'))
  const backend = await startBackend(directory, bucket)
  const credentials = { accessKeyId, secretAccessKey: randomBytes(20).toString('hex'), region }
  let fault: Fault = 'none'
  let aheadMs = 0
  let lastWrite: Promise<unknown> = Promise.resolve()

  async function answer(request: SignedRequest): Promise<Answer | S3Refusal> {
    const refusal = await verify(request)
    if (refusal) return refusal
    if (request.method === 'GET' || request.method === 'HEAD') return forward(request)
    // One after the other, so that a condition still holds when the write happens.
    const write = lastWrite.then(() => change(request))
    lastWrite = write.catch(() => undefined)
    return write
  }

  async function verify(request: SignedRequest): Promise<S3Refusal | undefined> {
    const now = Date.now() + aheadMs
    const type = request.headers['content-type'] ?? ''
    if (request.method !== 'POST' || !type.startsWith('multipart/form-data')) return refuseRequest(request, credentials, now)
    const form = await new Response(request.body, { headers: { 'content-type': type } }).formData()
    return refuseForm(form, request.url.split('/')[1] ?? '', credentials, now)
  }

  async function change(request: SignedRequest): Promise<Answer | S3Refusal> {
    const url = new URL(request.url, backend.url)
    const upload = url.searchParams.get('uploadId')
    if (upload !== null && !backend.hasUpload(upload)) return new S3Refusal(404, 'NoSuchUpload')
    if (upload !== null && request.method === 'DELETE') {
      await backend.abortUpload(upload)
      return { status: 204, headers: new Headers(), body: new Uint8Array() }
    }
    if (request.headers['if-none-match'] !== undefined) {
      if (!conditionalWrites) return new S3Refusal(501, 'NotImplemented')
      const key = decodeURIComponent(url.pathname.slice(`/${bucket}/`.length))
      if (await backend.hasObject(key)) return new S3Refusal(412, 'PreconditionFailed')
    }
    return forward(request)
  }

  async function forward({ method, url, headers, body }: SignedRequest): Promise<Answer | S3Refusal> {
    const kept = Object.entries(headers).filter(([name]) => !hopHeaders.includes(name))
    const response = await fetch(backend.url + url, {
      method,
      headers: kept.map(([name, value]): [string, string] => [name, String(value)]),
      ...(body.length > 0 && { body }),
    })
    const whole = { status: response.status, headers: response.headers, body: new Uint8Array(await response.arrayBuffer()) }
    return method === 'GET' && response.status === 200 && headers.range ? ranged(whole, headers.range) : whole
  }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = incoming
    const body = new Uint8Array(await buffer(incoming))
    allowBrowsers(headers.origin, outgoing)
    if (method === 'OPTIONS') return void outgoing.writeHead(204).end()
    const isDownload = method === 'GET' && !url.includes('list-type=')
    if (fault === 'lying' && !isDownload) return void outgoing.end('<html><body>Welcome to the network</body></html>')
    if (fault === 'slow' && !isDownload) return
    const answered = await answer({ method, url, headers, body })
    if (answered instanceof S3Refusal) {
      outgoing.writeHead(answered.status, { 'content-type': 'application/xml' })
      return void outgoing.end(
        method === 'HEAD' ? '' : `<?xml version="1.0"?><Error><Code>${answered.code}</Code><Message>refused</Message></Error>`,
      )
    }
    for (const [name, value] of answered.headers) if (!hopHeaders.includes(name)) outgoing.setHeader(name, value)
    outgoing.setHeader('content-length', answered.headers.get('content-length') ?? answered.body.length)
    outgoing.writeHead(answered.status)
    if (fault === 'none' || answered.status >= 300) return void outgoing.end(answered.body)
    outgoing.write(answered.body.subarray(0, answered.body.length / 2), () => fault === 'lying' && outgoing.destroy())
  }

  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => outgoing.destroy())
  })
  server.on('connection', socket => {
    if (fault === 'down') socket.destroy()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))

  return {
    ...credentials,
    endpoint: urlOf(server),
    bucket,
    setFault(next) {
      fault = next
      server.closeAllConnections()
    },
    setClock(ms) {
      aheadMs = ms
    },
    openUploads: backend.openUploads,
    async stop() {
      await close(server)
      await backend.stop()
      await rm(directory, { recursive: true })
    },
  }
}

/** s3rver reads `bytes=0-0` as the whole object, so ranges are cut here. */
function ranged(whole: Answer, range: string): Answer | S3Refusal {
  const size = whole.body.length
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? []
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (start > end) return new S3Refusal(416, 'InvalidRange')
  const headers = new Headers(whole.headers)
  headers.delete('content-length')
  headers.set('content-range', `bytes ${start}-${end}/${size}`)
  return { status: 206, headers, body: whole.body.subarray(start, end + 1) }
}

function allowBrowsers(origin: string | undefined, outgoing: ServerResponse): void {
  if (origin === undefined) return
  outgoing.setHeader('access-control-allow-origin', origin)
  outgoing.setHeader('access-control-allow-methods', 'GET, HEAD, PUT, POST')
  outgoing.setHeader('access-control-allow-headers', '*')
  outgoing.setHeader('access-control-expose-headers', 'ETag')
}
