import { once } from 'node:events'
import { connect } from 'node:net'

/** A connection on which a test says exactly what it wants, right or wrong. */
export interface RawConnection {
  /** Resolves when the bytes are handed to the system. */
  write(part: string | Uint8Array): Promise<void>
  /** Resolves with the first answer's status once its head is here; 0 if the connection ended without one. */
  status(): Promise<number>
  /** A header of the first answer; undefined if it has none of this name. */
  header(name: string): Promise<string | undefined>
  /** Breaks the connection off, as a phone in a tunnel does. */
  breakOff(): void
}

export async function openRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let received = ''
  const answered = new Promise<void>(resolve => {
    socket.on('data', chunk => {
      received += chunk.toString('latin1')
      if (received.includes('\r\n\r\n')) resolve()
    })
    socket.on('close', () => resolve())
  })
  await once(socket, 'connect')
  // How the other end closes is not the point.
  socket.on('error', () => {})
  return {
    write: part => new Promise(resolve => void socket.write(part, () => resolve())),
    async status() {
      await answered
      return Number(/^HTTP\/1\.1 (\d{3})/.exec(received)?.[1] ?? 0)
    },
    async header(name) {
      await answered
      return new RegExp(`^${name}: *(.*)\r$`, 'im').exec(received)?.[1]
    },
    breakOff: () => socket.destroy(),
  }
}

/** The head of a request to this URL. */
export function headOf(
  method: string,
  url: string,
  headers: Readonly<Record<string, string | number>>,
): string {
  const { host, pathname, search } = new URL(url)
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`
}
