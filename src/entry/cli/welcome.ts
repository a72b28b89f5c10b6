import { resolve } from 'node:path'
import type { Config } from '../../config.ts'
import type { StoredApp } from '../../tenant/registry.ts'
import { signToken } from '../../tenant/sign-token.ts'

const day = 24 * 60 * 60 * 1000

/** The address at which this machine reaches a service that listens on `HOST` and `port`. */
export function localAddress({ HOST }: Pick<Config, 'HOST'>, port: number): string {
  const host = HOST === '0.0.0.0' || HOST === '::' ? '127.0.0.1' : HOST
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Quotes a text for a shell, if it needs quotes to be one word. */
const quoted = (text: string): string =>
  /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/**
 * The text that a person reads after `npm start`: the address, the app and a first call. It has a token only
 * on a terminal or if one was asked for; otherwise it says how to get one. `command` is the command that runs
 * this program.
 */
export async function welcome(
  command: readonly string[],
  config: Config,
  port: number,
  app: StoredApp | undefined,
): Promise<string> {
  const address = config.PUBLIC_URL ?? localAddress(config, port)
  // A command in another shell must use the same data.
  const dataDirPrefix = config.DATA_DIR === './data' ? '' : `DATA_DIR=${quoted(resolve(config.DATA_DIR))} `
  const program = `${dataDirPrefix}${command.join(' ')}`
  const lines = [`Cohort is listening on ${address} (documentation: ${address}/docs)`]
  const secret = app?.secrets[0]?.secret
  if (app !== undefined && secret !== undefined) {
    lines.push(`App: ${app.app_id}`)
    if (process.stdout.isTTY === true || config.SHOW_SECRETS) {
      const token = await signToken({
        app_id: app.app_id,
        secret,
        subject: { user_id: 1 },
        issuedAt: Date.now(),
        ttl: day,
      })
      lines.push(
        'A first call, as user 1 (the token is good for a day):',
        `  curl -X POST ${address}/group/create -H 'app_id: ${app.app_id}' -H 'access-token: ${token}' -H 'content-type: application/json' -d '{"name":"First group"}'`,
      )
    } else {
      lines.push(`For a token: ${program} token --app ${app.app_id} --user 1`)
    }
  }
  if (config.CONSOLE === 'on') lines.push(`For a link to the console: ${program} console --url ${address}`)
  return `${lines.join('\n')}\n`
}
