import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { removeFolder, temporaryFolder } from './process.ts'

/** Whether Debian's clamav-daemon is here. */
export const hasClamd = spawnSync('clamd', ['--version']).status === 0

/** What the test's own signature finds: no real virus may lie about in a repository. */
export const virus = 'the text that only the virus of these tests has in it'
/** As clamd calls it; signatures that are not ClamAV's own are unofficial. */
export const virusName = 'Cohort.Test.UNOFFICIAL'
/** The most that this clamd takes, bytes. */
export const maxScannedBytes = 1024 * 1024

/** The real clamd, with a database of one signature. */
export class Clamd {
  readonly #folder = temporaryFolder()
  #running: ChildProcess | undefined

  constructor() {
    mkdirSync(join(this.#folder, 'db'))
    const signature = Buffer.from(virus).toString('hex')
    writeFileSync(join(this.#folder, 'db', 'test.ndb'), `Cohort.Test:0:*:${signature}\n`)
    writeFileSync(
      this.#config,
      [
        `DatabaseDirectory ${join(this.#folder, 'db')}`,
        `LocalSocket ${this.socket}`,
        'Foreground yes',
        `StreamMaxLength ${maxScannedBytes}`,
        '',
      ].join('\n'),
    )
  }

  get #config(): string {
    return join(this.#folder, 'clamd.conf')
  }
  get socket(): string {
    return join(this.#folder, 'clamd.sock')
  }

  /** Resolves when it accepts connections. */
  async start(): Promise<void> {
    this.#running = spawn('clamd', ['--config-file', this.#config], { stdio: 'ignore' })
    while (!(await this.#accepts())) await new Promise(resolve => setTimeout(resolve, 20))
  }

  async #accepts(): Promise<boolean> {
    if (this.#running?.exitCode !== null) throw new Error(`clamd ended with ${this.#running?.exitCode}`)
    const socket = connect(this.socket)
    return new Promise(resolve => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    }).finally(() => socket.destroy()) as Promise<boolean>
  }

  async stop(): Promise<void> {
    if (this.#running === undefined) return
    const ended = once(this.#running, 'exit')
    this.#running.kill('SIGKILL')
    await ended
    this.#running = undefined
  }

  async remove(): Promise<void> {
    await this.stop()
    await removeFolder(this.#folder)
  }
}
