import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { type S3Answer, S3Bucket } from './s3-bucket.ts'
import { type Dialect, dialects } from './s3-dialects.ts'
import { refuseForm } from './s3-post-policy.ts'
import { refuseRequest, S3Refusal, type SignedRequest } from './s3-signature.ts'

/**
 * What the server does wrong.
 * - `down`: closes every connection.
 * - `slow`: never answers, and downloads stop half way and hang.
 * - `lying`: claims success with a web page and does nothing, and downloads break off half way.
 * - `busy`: answers every call first with 503 SlowDown.
 * - `losing`: does what it is asked, but the connection breaks before the answer to a write.
 * - `unsure`: does what it is asked and answers a write with 200 and an error in the body.
 */
export type S3Fault = 'none' | 'down' | 'slow' | 'lying' | 'busy' | 'losing' | 'unsure'

export interface S3Server {
  readonly endpoint: string
  readonly bucket: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  setFault(fault: S3Fault): void
  /** Sets the server's clock ahead, so that signatures expire. */
  setClock(aheadMs: number): void
  /** The ids of multipart uploads neither completed nor aborted: bytes that lie in the bucket unseen. */
  openUploads(): Promise<readonly string[]>
  stop(): Promise<void>
}

const region = 'us-east-1'

/**
 * An S3 service for tests on a random loopback port (path style) with one bucket in memory. Every request
 * must be signed as S3 wants it, by header, query or POST policy, in time and for its body; browsers of every
 * origin may send them.
 */
export async function startS3Server(dialect: Dialect = 'aws'): Promise<S3Server> {
  const bucket = new S3Bucket('cohort-test', dialects[dialect])
  const credentials = {
    accessKeyId: randomBytes(10).toString('hex'),
    secretAccessKey: randomBytes(20).toString('hex'),
    region,
  }
  let fault: S3Fault = 'none'
  let aheadMs = 0
  const hanging = new Set<ServerResponse>()
  /** Calls that were told to slow down, and not yet repeated. */
  const slowed = new Set<string>()

  async function answer(request: SignedRequest): Promise<S3Answer | S3Refusal> {
    const now = Date.now() + aheadMs
    const type = request.headers['content-type'] ?? ''
    if (request.method !== 'POST' || !type.startsWith('multipart/form-data')) {
      return refuseRequest(request, credentials, now) ?? bucket.answer(request)
    }
    const form = await new Response(request.body, { headers: { 'content-type': type } }).formData()
    const [, name = ''] = request.url.split(/[/?]/)
    return refuseForm(form, name, credentials, now) ?? bucket.answerForm(form)
  }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = incoming
    const body = new Uint8Array(await buffer(incoming))
    allowBrowsers(headers.origin, outgoing)
    if (method === 'OPTIONS') return send(outgoing, { status: 204, headers: {}, body: '' })
    const isDownload = method === 'GET' && !url.includes('list-type=')
    if (fault === 'lying' && !isDownload)
      return send(outgoing, { status: 200, headers: {}, body: '<html>Welcome to the network</html>' })
    if (fault === 'busy' && !slowed.delete(`${method} ${url}`)) {
      slowed.add(`${method} ${url}`)
      return send(outgoing, refusalAnswer(new S3Refusal(503, 'SlowDown')), method)
    }
    if (fault === 'slow') hanging.add(outgoing)
    if (fault === 'slow' && !isDownload) return
    const answered = await answer({ method, url, headers, body })
    if (answered instanceof S3Refusal) return send(outgoing, refusalAnswer(answered), method)
    // An upload in parts that began unheard stores nothing yet: there is nothing to find out.
    const isWrite = method !== 'GET' && method !== 'HEAD' && !url.includes('?uploads')
    if (isWrite && fault === 'losing') return void outgoing.destroy()
    if (isWrite && fault === 'unsure')
      return send(outgoing, { ...refusalAnswer(new S3Refusal(200, 'InternalError')), status: 200 }, method)
    if (fault !== 'slow' && fault !== 'lying') return send(outgoing, answered, method)
    outgoing.writeHead(answered.status, { ...answered.headers, 'content-length': answered.body.length })
    outgoing.write(
      answered.body.slice(0, answered.body.length / 2),
      () => fault === 'lying' && outgoing.destroy(),
    )
  }

  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => outgoing.destroy())
  })
  server.on('connection', socket => {
    if (fault === 'down') socket.destroy()
  })
  // Longer than any test, so that no client writes to a connection that is just being closed.
  server.keepAliveTimeout = 600_000
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  return {
    ...credentials,
    endpoint: `http://127.0.0.1:${port}`,
    bucket: bucket.name,
    setFault(next) {
      fault = next
      for (const outgoing of hanging) outgoing.destroy()
      hanging.clear()
      if (fault === 'down') server.closeAllConnections()
    },
    setClock(ms) {
      aheadMs = ms
    },
    openUploads: async () => bucket.openUploads(),
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function send(
  outgoing: ServerResponse,
  { status, headers, body, withoutLength = false }: S3Answer,
  method = '',
): void {
  const hasLength = status !== 204 && !withoutLength
  outgoing.writeHead(status, hasLength ? { ...headers, 'content-length': Buffer.byteLength(body) } : headers)
  outgoing.end(method === 'HEAD' ? '' : body)
}

function refusalAnswer({ status, code }: S3Refusal): S3Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${code}</Message></Error>`
  return { status, headers: { 'content-type': 'application/xml' }, body }
}

function allowBrowsers(origin: string | undefined, outgoing: ServerResponse): void {
  if (origin === undefined) return
  outgoing.setHeader('access-control-allow-origin', origin)
  outgoing.setHeader('access-control-allow-methods', 'GET, HEAD, PUT, POST')
  outgoing.setHeader('access-control-allow-headers', '*')
  outgoing.setHeader('access-control-expose-headers', 'ETag')
}
