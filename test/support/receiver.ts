import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The body as parsed. */
  readonly message: {
    readonly type: string
    readonly timestamp: string
    readonly data: Record<string, unknown>
  }
}

type Answering = (received: Received, response: ServerResponse) => void | Promise<void>

/**
 * A receiver of webhooks: a server of the test's own that keeps what it was sent, and answers as it is told.
 */
export class Receiver {
  readonly received: Received[] = []
  private answering: Answering = (_, response) => void response.end()
  private readonly server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const received = { headers: request.headers, body, message: JSON.parse(body) }
    this.received.push(received)
    await this.answering(received, response)
  })

  /** Listens on this port; 0: on a free one. */
  static async start(port = 0): Promise<Receiver> {
    const receiver = new Receiver()
    receiver.server.listen(port, '127.0.0.1')
    await once(receiver.server, 'listening')
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`
  }

  private get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** Ends, and begins again at the same address. What was received is kept. */
  async restart(): Promise<Receiver> {
    const { port } = this
    await this.stop()
    const again = await Receiver.start(port)
    again.received.push(...this.received)
    return again
  }

  /** How it answers from now on; default 200. */
  answer(answering: Answering | number): void {
    this.answering =
      typeof answering === 'number' ? (_, response) => void response.writeHead(answering).end() : answering
  }

  /** Resolves when what was received fulfils the condition; throws when it takes too long. */
  async until(condition: (received: readonly Received[]) => boolean, timeoutMs = 60_000): Promise<void> {
    const end = Date.now() + timeoutMs
    while (!condition(this.received)) {
      if (Date.now() > end) throw new Error(`after ${timeoutMs} ms: ${JSON.stringify(this.kinds)}`)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }

  get kinds(): string[] {
    return this.received.map(({ message }) => message.type)
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }
}
