import { join } from 'node:path'
import { type Client, callers } from '../support/client.ts'
import { injectFault } from '../support/fault.ts'
import { freePort, type Running, startServer, temporaryFolder } from '../support/process.ts'

export const app = { app_id: 'demo', secret: 'a-secret-of-the-demo-app-for-tests' }
/** A running service on a folder of its own, whose system calls can be made to fail. */
export class Home {
  readonly data: string
  private readonly program: readonly string[]
  private readonly environment: Readonly<Record<string, string>>
  private running: Running | undefined
  url = ''

  constructor(program: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.program = program
    this.environment = environment
    this.data = temporaryFolder()
  }

  async start(): Promise<Client> {
    const port = await freePort()
    this.url = `http://127.0.0.1:${port}`
    const environment = {
      DATA_DIR: this.data,
      PORT: String(port),
      APP_ID: app.app_id,
      APP_SECRET: app.secret,
      LOG_LEVEL: 'warn',
      ...this.environment,
    }
    this.running = await startServer([...this.program, 'serve'], environment, this.url)
    return callers({ url: this.url, ...app }).as(1)
  }

  fail(inject: string, ...names: string[]) {
    const paths = names.map(name => join(this.data, name))
    return injectFault(this.pid, inject, paths)
  }

  output = () => this.running?.output() ?? ''
  get = async (path: string): Promise<{ status: number; text: string }> => {
    const response = await fetch(this.url + path)
    return { status: response.status, text: await response.text() }
  }
  /** What /readyz says when it says something else than before. */
  async readyzUntil(status: number): Promise<string> {
    for (;;) {
      const found = await this.get('/readyz')
      if (found.status === status) return found.text
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
  get pid(): number {
    return this.running?.child.pid ?? 0
  }
  end = (signal: NodeJS.Signals) => this.running?.end(signal)
}
