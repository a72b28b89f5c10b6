import { outboundRules } from '../../config.ts'
import { parse } from '../../http/input.ts'
import { Refusal } from '../../operation/errors.ts'
import type { Executor } from '../../operation/executor.ts'
import { idMaker } from '../../operation/ids.ts'
import type { Operation } from '../../operation/operation.ts'
import { nodeOutbound } from '../../outbound/node-outbound.ts'
import { appRow, toApp } from '../../tenant/registry.ts'
import { beforeHookSecrets } from '../../webhook/before-hook.ts'
import { changeWebhook, createWebhook, listWebhooks, removeWebhook } from '../../webhook/operations.ts'
import { replayWebhook, resumeWebhook, skipEvent, webhookDeliveries } from '../../webhook/repair.ts'
import { rotateWebhookSecret } from '../../webhook/secrets.ts'
import { type Command, type Invocation, required, UsageError } from './command.ts'
import { withData } from './data.ts'

const asIs = new Set(['url', 'after', 'order'])

/** The operations by the verb that calls them. */
const verbs: Readonly<Record<string, Operation>> = {
  list: listWebhooks,
  create: createWebhook,
  change: changeWebhook,
  delete: removeWebhook,
  deliveries: webhookDeliveries,
  replay: replayWebhook,
  resume: resumeWebhook,
  rotate: rotateWebhookSecret,
  skip: skipEvent,
}

export const webhookCommand: Command = {
  name: 'webhook',
  summary: 'create, list, replay and repair webhooks',
  help: `Usage:
  cohort webhook list --app ID
  cohort webhook create --app ID url=URL [kinds=a,b] [group_id=N] [order=strict] [after=earliest]
                                                  prints the webhook and its secret, once
  cohort webhook change --app ID --id WEBHOOK NAME=VALUE …
  cohort webhook deliveries --app ID --id WEBHOOK  the latest attempts, what is held up, what was given up
  cohort webhook replay --app ID --id WEBHOOK after=CURSOR|earliest
  cohort webhook skip --app ID --id WEBHOOK seq=N  gives up a held event
  cohort webhook resume|rotate|delete --app ID --id WEBHOOK
  cohort webhook hook-secret --app ID             what signs the calls of the app's before-hook

Prints what was answered, as JSON. May run beside the service.
`,
  options: { app: { type: 'string' }, id: { type: 'string' } },
  run(invocation) {
    const [verb = '', ...words] = invocation.positionals
    const app_id = required(invocation, 'app')
    return withData(invocation.runtime, invocation.config, async executor => {
      const [row] = await executor.read(appRow({ app_id }))
      if (row === undefined) throw new UsageError(`there is no app "${app_id}"; cohort app list shows them`)
      const app = toApp(row)
      if (verb === 'hook-secret') {
        invocation.print(`${beforeHookSecrets(app)[0] ?? ''}\n`)
        return 0
      }
      const operation = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
      if (operation === undefined)
        throw new UsageError(verb === '' ? 'what should be done?' : `there is no "webhook ${verb}"`)
      const answer = await run(invocation, executor, operation, app, inputOf(invocation, words))
      invocation.print(`${JSON.stringify(answer, null, 2)}\n`)
      return 0
    })
  },
}

function inputOf({ options }: Invocation, words: readonly string[]): Record<string, unknown> {
  const input: Record<string, unknown> = typeof options.id === 'string' ? { webhook_id: options.id } : {}
  for (const word of words) {
    const equals = word.indexOf('=')
    if (equals < 1) throw new UsageError(`"${word}" is not NAME=VALUE`)
    const [name, value] = [word.slice(0, equals), word.slice(equals + 1)]
    input[name] = name === 'kinds' ? value.split(',') : asIs.has(name) ? value : Number(value)
  }
  return input
}

/** Runs an operation as an administrator of the app. Throws `UsageError` with the message of a refusal. */
async function run(
  { config }: Invocation,
  executor: Executor,
  operation: Operation,
  app: ReturnType<typeof toApp>,
  sent: Record<string, unknown>,
): Promise<unknown> {
  const input = parse(operation.input, sent)
  const outbound = nodeOutbound(outboundRules(config))
  try {
    const refusal = input instanceof Refusal ? input : operation.admit?.(input, { outbound })
    if (refusal !== undefined) throw new UsageError(refusal.message)
    const caller = { administrator: true, user_id: null, only_group: null }
    const call = { app, caller, input, now: Date.now(), newId: idMaker(Date.now).next }
    const result = await executor.run(operation, call, { bookmark: undefined })
    if (result instanceof Refusal) throw new UsageError(result.message)
    return result.data
  } finally {
    outbound.close()
  }
}
