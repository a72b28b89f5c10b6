import { freePort, type Running, removeFolder, run, startServer, temporaryFolder } from './process.ts'
import type { Instance, Target } from './target.ts'

/** How long the service may go on with what it knows of an app, plus a little: see `appTtl`. */
const appTtl = 1200

/** A target that is a command: `node dist/cohort.js`, `dist/cohort`, `deno run …`. Its own `app` and `check` set it up and look into it. */
export const commandTarget = (name: string, command: readonly string[]): Target => ({
  name,
  async start(environment = {}): Promise<Instance> {
    const data = temporaryFolder()
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const app_id = 'demo'
    const secret = 'a-secret-of-the-demo-app-for-tests'
    const env = {
      DATA_DIR: data,
      PORT: String(port),
      HOST: '127.0.0.1',
      APP_ID: app_id,
      APP_SECRET: secret,
      LOG_LEVEL: 'warn',
      ...environment,
    }
    const cli = (...args: string[]) => run([...command, ...args], env)
    const start = () => startServer([...command, 'serve'], env, url)
    let running: Running = await start()

    const settingsOf = (settings: Readonly<Record<string, boolean | number>>) =>
      Object.entries(settings).map(([key, value]) => `${key}=${value}`)
    const set = async (id: string, settings: Readonly<Record<string, boolean | number>>) => {
      const { code, stderr } = await cli('app', 'set', id, ...settingsOf(settings))
      if (code !== 0) throw new Error(stderr)
    }
    return {
      url,
      app_id,
      secret,
      async createApp(id, settings = {}) {
        const { code, stdout, stderr } = await cli('app', 'create', id)
        if (code !== 0) throw new Error(stderr)
        if (Object.keys(settings).length > 0) await set(id, settings)
        return stdout.trim()
      },
      async setApp(id, settings) {
        await set(id, settings)
        await new Promise(resolve => setTimeout(resolve, appTtl))
      },
      async check() {
        const { code, stdout, stderr } = await cli('check')
        return code === 0 ? [] : [...stdout.split('\n'), ...stderr.split('\n')].filter(line => line !== '')
      },
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
