import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { freePort, type Running, removeFolder, run, startServer, temporaryFolder } from './process.ts'
import type { Instance, Pace, Target } from './target.ts'

export interface CommandOptions {
  /** What runs the service, where that is another command than what sets it up; it may have children. */
  readonly service?: readonly string[]
  readonly pace?: Pace
  /**
   * How long the service may go on with what it knows of an app, plus a little, milliseconds: see `appTtl`.
   */
  readonly appTtl?: number
  /** The path that runs the cron trigger, if the jobs run only then. */
  readonly cron?: string
  /** Where both are run; default: here. */
  readonly cwd?: string
  /** Puts into a new data folder what must be there before the start. */
  readonly prepare?: (data: string) => Promise<void>
}

/**
 * A target that is a command: `node dist/cohort.js`, `dist/cohort`, `deno run …`. Its own `app` and `check`
 * set it up and look into it.
 */
export const commandTarget = (
  name: string,
  command: readonly string[],
  { service, pace = 'fast', appTtl = 1200, cron, cwd, prepare }: CommandOptions = {},
): Target => ({
  name,
  pace,
  async start(environment = {}): Promise<Instance> {
    const data = temporaryFolder()
    await prepare?.(data)
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const app_id = 'demo'
    const secret = 'a-secret-of-the-demo-app-for-tests'
    const operatorSecret = 'a-secret-of-the-operator-for-tests-0'
    const env = {
      OPERATOR_SECRET: operatorSecret,
      DATA_DIR: data,
      PORT: String(port),
      HOST: '127.0.0.1',
      APP_ID: app_id,
      APP_SECRET: secret,
      LOG_LEVEL: 'warn',
      ...Object.fromEntries(
        // A service that must know its own URL is told the one that it gets here.
        Object.entries(environment).map(([key, value]) => [key, value === '{own url}' ? url : value]),
      ),
    }
    const cli = (...args: string[]) => run([...command, ...args], env, cwd)
    const start = () =>
      startServer(service ?? [...command, 'serve'], env, url, { ownGroup: service !== undefined, cwd })
    let running: Running = await start()

    const settingsOf = (settings: Readonly<Record<string, boolean | number | string>>) =>
      Object.entries(settings).map(([key, value]) => `${key}=${value}`)
    const app = async (...args: string[]) => {
      const { code, stdout, stderr } = await cli('app', ...args)
      if (code !== 0) throw new Error(stderr)
      return stdout.trim()
    }
    const inForce = () => new Promise(resolve => setTimeout(resolve, appTtl))
    const set = (id: string, settings: Readonly<Record<string, boolean | number | string>>) =>
      app('set', id, ...settingsOf(settings))
    return {
      url,
      data,
      app_id,
      secret,
      operatorSecret,
      async createApp(id, settings = {}) {
        const made = await app('create', id)
        if (Object.keys(settings).length > 0) await set(id, settings)
        return made
      },
      async setApp(id, settings) {
        await set(id, settings)
        await inForce()
      },
      async setJwks(id, jwks) {
        await app('set', id, `jwks_url=${jwks}`)
        await inForce()
      },
      async rotateSecret(id, { dropOld = false } = {}) {
        const made = await app('rotate-secret', id, ...(dropOld ? ['--drop-old'] : []))
        await inForce()
        return made
      },
      async rotateKeys(id, ending) {
        await app('rotate-keys', id, ending === 'all' ? '--drop-old' : '--end-links')
        await inForce()
      },
      async check() {
        const { code, stdout, stderr } = await cli('check')
        return code === 0 ? [] : [...stdout.split('\n'), ...stderr.split('\n')].filter(line => line !== '')
      },
      async storedObjects() {
        return objectFiles(env.DATA_DIR)
      },
      makeFilesOlder(days) {
        const database = new Database(join(env.DATA_DIR, 'cohort.db'), { timeout: 10_000 })
        const ms = days * 24 * 60 * 60 * 1000
        for (const table of ['objects', 'shared_files'])
          database.prepare(`UPDATE ${table} SET created_at = created_at - ?`).run(ms)
        database.close()
      },
      // Where the service is another command, so is its store.
      ...(service === undefined && {
        async gc() {
          const { code, stdout, stderr } = await cli('gc')
          if (code !== 0) throw new Error(stdout + stderr)
        },
      }),
      ...(cron !== undefined && {
        async cron() {
          const { status } = await fetch(`${url}${cron}`)
          if (status !== 200) throw new Error(`${cron} answered ${status}`)
        },
      }),
      async crash() {
        await running.end('SIGKILL')
        running = await start()
      },
      async stop() {
        const code = await running.end('SIGTERM')
        await removeFolder(data)
        if (code !== 0) throw new Error(`${name} exited with ${code}:\n${running.output()}`)
      },
    }
  },
})

/** How many files with bytes are in a data folder: of the folder store, and of the simulator of R2. */
function objectFiles(data: string): number {
  return ['files/objects', 'v3/r2']
    .map(folder => join(data, folder))
    .filter(existsSync)
    .flatMap(folder => readdirSync(folder, { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile() && !entry.name.includes('.sqlite')).length
}
