import { spawnSync } from 'node:child_process'
import { freePort, type Running, removeFolder, startServer, temporaryFolder } from './process.ts'

export interface Caddy {
  readonly url: string
  /** Resolves with its log once this is in it. */
  readonly printed: Running['printed']
  stop(): Promise<void>
}

/** The version of the program on the PATH as it says it itself; '' without one. */
export function versionOf(program: string, ...args: string[]): string {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' })
  return status === 0 ? (stdout.split('\n')[0] ?? '') : ''
}

/**
 * Surroundings in which Caddy touches nothing but a folder: certificates, its last configuration, the address
 * of its API.
 */
export const caddyEnvironment = (
  folder: string,
  port: number,
  adminPort: number,
  upstream: string,
): Record<string, string> => ({
  HOME: folder,
  XDG_DATA_HOME: folder,
  XDG_CONFIG_HOME: folder,
  CADDY_ADMIN: `127.0.0.1:${adminPort}`,
  COHORT_SITE: `http://127.0.0.1:${port}`,
  COHORT_UPSTREAM: upstream,
})

/** Runs Caddy with deploy/Caddyfile on this port, in front of a service at `host:port` that must be up. */
export async function startCaddy(port: number, upstream: string): Promise<Caddy> {
  const folder = temporaryFolder()
  const url = `http://127.0.0.1:${port}`
  const environment = caddyEnvironment(folder, port, await freePort(), upstream)
  const running: Running = await startServer(
    ['caddy', 'run', '--config', 'deploy/Caddyfile', '--adapter', 'caddyfile'],
    environment,
    url,
  )
  return {
    url,
    printed: running.printed,
    async stop() {
      const code = await running.end('SIGTERM')
      await removeFolder(folder)
      if (code !== 0) throw new Error(`caddy exited with ${code}:\n${running.output()}`)
    },
  }
}
