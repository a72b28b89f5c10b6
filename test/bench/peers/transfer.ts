import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'

/*
 * A client of large bodies that takes little CPU time itself: it reads into one buffer, and sends the same
 * bytes over and over.
 */

const mebibyte = 1024 * 1024
const sent = randomBytes(mebibyte)
const agent = new Agent({ keepAlive: true, maxSockets: 64 })

/** A connection that is kept. One request at a time. */
interface Connection {
  get(path: string, headers: Readonly<Record<string, string>>): Promise<number>
}

const unused = new Map<string, Connection[]>()

/** Downloads and drops a body; answers how many bytes it had. Throws unless the answer is 200. */
export async function download(url: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const { origin, pathname, search } = new URL(url)
  const connections = unused.get(origin) ?? []
  unused.set(origin, connections)
  const connection = connections.pop() ?? open(origin, connections)
  const read = await connection.get(pathname + search, headers)
  connections.push(connection)
  return read
}

interface Reading {
  head: string
  /** Bytes of the body that are to come; NaN until the head is there. */
  left: number
  bytes: number
  settle(error?: Error): void
}

/** Connects. When the other side closes the connection, it is taken out of the list of those to use again. */
function open(origin: string, connections: Connection[]): Connection {
  const { hostname, port, host } = new URL(origin)
  let reading: Reading | undefined
  const read = (to: Reading, part: Uint8Array): void => {
    let size = part.byteLength
    if (Number.isNaN(to.left)) {
      to.head += Buffer.from(part).toString('latin1')
      const end = to.head.indexOf('\r\n\r\n')
      if (end < 0) return
      size = to.head.length - end - 4
      to.left = Number(/\r\ncontent-length: (\d+)/i.exec(to.head)?.[1])
      if (!to.head.startsWith('HTTP/1.1 200 ') || Number.isNaN(to.left)) {
        socket.destroy()
        to.settle(new Error(`${origin}: ${to.head.slice(0, 500)}`))
        return
      }
    }
    to.bytes += size
    to.left -= size
    if (to.left <= 0) to.settle()
  }
  const socket = connect({
    host: hostname,
    port: Number(port),
    onread: {
      buffer: Buffer.allocUnsafeSlow(mebibyte),
      callback(bytes, buffer) {
        if (reading !== undefined) read(reading, buffer.subarray(0, bytes))
        return true
      },
    },
  })
  const connection: Connection = {
    get: (path, headers) =>
      new Promise((resolve, reject) => {
        const begun: Reading = {
          head: '',
          left: Number.NaN,
          bytes: 0,
          settle(error) {
            reading = undefined
            if (error) reject(error)
            else resolve(begun.bytes)
          },
        }
        reading = begun
        const lines = Object.entries({ host, ...headers }).map(it => `${it.join(': ')}\r\n`)
        socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
      }),
  }
  const ended = (error?: Error) => {
    const at = connections.indexOf(connection)
    if (at >= 0) connections.splice(at, 1)
    reading?.settle(error ?? new Error(`${origin} closed the connection`))
  }
  socket.on('error', ended)
  socket.on('close', () => ended())
  return connection
}

export interface Sent {
  readonly method: 'PUT' | 'POST' | 'PATCH'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** 0: a request without a body. */
  readonly bytes: number
}

/** Sends so many bytes and answers the headers of the answer. Throws unless it is a success. */
export function upload({ method, url, headers, bytes }: Sent): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve, reject) => {
    const all = { ...headers, 'content-length': String(bytes) }
    const outgoing = request(url, { method, agent, headers: all }, incoming => {
      let text = ''
      incoming.on('data', chunk => {
        text += chunk
      })
      incoming.on('error', reject)
      incoming.on('end', () => {
        const { statusCode = 0 } = incoming
        if (statusCode >= 200 && statusCode < 300) resolve(incoming.headers)
        else reject(new Error(`${method} ${url}: ${statusCode} ${text.slice(0, 500)}`))
      })
    })
    outgoing.on('error', reject)
    let left = bytes
    const send = () => {
      while (left > 0) {
        const part = left < mebibyte ? sent.subarray(0, left) : sent
        left -= part.length
        if (!outgoing.write(part)) {
          outgoing.once('drain', send)
          return
        }
      }
      outgoing.end()
    }
    send()
  })
}
