import { signOperatorToken } from '../../operator/access.ts'
import { appRow } from '../../tenant/registry.ts'
import { signToken } from '../../tenant/sign-token.ts'
import { type Command, durationOf, type Invocation, noPositionals, required, UsageError } from './command.ts'
import { withData } from './data.ts'

export const tokenCommand: Command = {
  name: 'token',
  summary: 'print a token, as the server of an app would sign it',
  help: `Usage: cohort token --app ID (--user N | --admin) [--files] [--ttl 1h]
       cohort token --operator [--ttl 1h]

  --app ID    the app
  --user N    a token of this user
  --admin     an administrator token: every right in every group of the app
  --files     with --user: a store_token, good for files only
  --operator  a token of whoever runs the service, good for every app: signed by OPERATOR_SECRET, needs no data
  --ttl 1h    how long it is good (90s, 15m, 1h, 30d); default 1h

Prints only the token.
`,
  options: {
    app: { type: 'string' },
    user: { type: 'string' },
    admin: { type: 'boolean' },
    files: { type: 'boolean' },
    operator: { type: 'boolean' },
    ttl: { type: 'string', default: '1h' },
  },
  run(invocation) {
    noPositionals(invocation)
    const { options, config, runtime, print } = invocation
    const ttl = durationOf(required(invocation, 'ttl'))
    if (options.operator === true) return printOperatorToken(invocation, ttl)
    const app_id = required(invocation, 'app')
    if ((options.user === undefined) === (options.admin !== true))
      throw new UsageError('give either --user N or --admin')
    if (options.files === true && options.user === undefined) throw new UsageError('--files goes with --user')
    const user_id = Number(options.user)
    if (options.user !== undefined && !(Number.isSafeInteger(user_id) && user_id > 0))
      throw new UsageError('--user must be a positive integer')
    return withData(runtime, config, async executor => {
      const [app] = await executor.read(appRow({ app_id }))
      if (app === undefined)
        throw new UsageError(`there is no app "${app_id}" in ${config.DATA_DIR}; cohort app list shows them`)
      if (app.jwks_url !== '')
        throw new UsageError(
          `the tokens of "${app_id}" are signed by whoever holds the keys of ${app.jwks_url}`,
        )
      const [secret] = app.secrets
      if (secret === undefined)
        throw new UsageError(`"${app_id}" has no secret; cohort app rotate-secret makes one`)
      const subject =
        options.admin === true ? ('administrator' as const) : { user_id, filesOnly: options.files === true }
      print(`${await signToken({ app_id, secret: secret.secret, subject, issuedAt: Date.now(), ttl })}\n`)
      return 0
    })
  },
}

async function printOperatorToken({ config, print }: Invocation, ttlMs: number): Promise<number> {
  if (config.OPERATOR_SECRET === undefined)
    throw new UsageError('OPERATOR_SECRET is not set: it must be the one that the service has')
  print(`${await signOperatorToken(config.OPERATOR_SECRET, Date.now(), ttlMs)}\n`)
  return 0
}
