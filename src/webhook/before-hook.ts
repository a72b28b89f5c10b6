import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { z } from 'zod'
import { type Refusal, refuse } from '../operation/errors.ts'
import type { Call, Operation } from '../operation/operation.ts'
import { type Clock, type Log, type Outbound, OutboundError } from '../platform.ts'
import type { App } from '../tenant/app.ts'
import { signedHeaders } from './signature.ts'

/*
 * Before-hooks: an app has somebody else asked before a change is made, for moderation or payment
 * (docs/webhooks.md). They are asked before the write queue, so a slow one holds up nobody but its own callers.
 */

const maxAnswerBytes = 4096
/** Answers that the breaker looks back on, failures that open it, and how long it stays open. */
const remembered = 20
const maxFailures = 10
const openMs = 30_000

const answerShape = z.union([
  z.object({ allow: z.literal(true) }),
  z.object({ allow: z.literal(false), message: z.string().max(500).default('') }),
])

/** The secrets that sign what an app's before-hook is asked: one for each of its keys. */
export const beforeHookSecrets = ({ keys }: Pick<App, 'keys'>): string[] =>
  keys.map(({ secret }) => {
    const bytes = hmac(sha256, utf8ToBytes(secret), utf8ToBytes('before-hook'))
    return `whsec_${btoa(String.fromCharCode(...bytes))}`
  })

/** Whether an app wants to be asked before this operation. `hook_operations` names paths, or is `*`. */
export const concerns = ({ hook_url, hook_operations }: App['settings'], { path }: Operation): boolean =>
  hook_url !== '' && hook_operations.split(',').some(name => name.trim() === '*' || name.trim() === path)

/** Opens when too many of an app's latest answers were failures: then nobody waits for a hook that is down. */
class Breaker {
  private readonly failed: boolean[] = []
  private openUntil = 0

  isOpen(now: number): boolean {
    return now < this.openUntil
  }

  record(failed: boolean, now: number): void {
    this.failed.push(failed)
    if (this.failed.length > remembered) this.failed.shift()
    if (this.failed.filter(Boolean).length < maxFailures) return
    this.openUntil = now + openMs
    this.failed.length = 0
  }
}

interface Ports {
  readonly outbound: Outbound
  readonly clock: Clock
  readonly log: Log
}

export class BeforeHooks {
  private readonly ports: Ports
  private readonly breakers = new Map<string, Breaker>()

  constructor(ports: Ports) {
    this.ports = ports
  }

  /** Asks the app's before-hook, if it `concerns` the operation. Answers why it is refused, or undefined. */
  async ask(
    operation: Operation,
    call: Pick<Call<unknown>, 'app' | 'caller' | 'input'>,
  ): Promise<Refusal | undefined> {
    const { clock, log } = this.ports
    const { app } = call
    const breaker = this.breakers.get(app.app_id) ?? new Breaker()
    this.breakers.set(app.app_id, breaker)
    if (breaker.isOpen(clock())) return failure(app)
    try {
      const answer = await this.send(operation, call)
      breaker.record(false, clock())
      if (answer.allow) return undefined
      return refuse('no_permission', answer.message || 'the before-hook of this app does not allow it')
    } catch (error) {
      breaker.record(true, clock())
      log.warn({ event: 'before-hook', app: app.app_id, error: String(error) })
      return failure(app)
    }
  }

  private async send(
    { path }: Operation,
    { app, caller, input }: Pick<Call<unknown>, 'app' | 'caller' | 'input'>,
  ): Promise<z.infer<typeof answerShape>> {
    const { outbound, clock } = this.ports
    const now = clock()
    const { administrator, user_id } = caller
    const body = JSON.stringify({
      type: 'before',
      timestamp: new Date(now).toISOString(),
      data: { app_id: app.app_id, operation: path, administrator, user_id, input },
    })
    const headers = {
      'content-type': 'application/json',
      'content-length': String(utf8ToBytes(body).byteLength),
      'user-agent': 'Cohort-Webhook',
      ...signedHeaders(beforeHookSecrets(app), `before_${crypto.randomUUID()}`, now, body),
    }
    const { hook_url: url, hook_deadline_ms: timeoutMs } = app.settings
    const { status, body: answer } = await outbound.send({
      url,
      method: 'POST',
      headers,
      body,
      timeoutMs,
      maxAnswerBytes,
    })
    if (status < 200 || status > 299) throw new OutboundError(`it answered ${status}`)
    return answerShape.parse(JSON.parse(answer))
  }
}

/** What happens when the hook cannot be asked is the app's own choice: there is no default. */
const failure = ({ settings }: App): Refusal | undefined =>
  settings.hook_on_failure === 'allow'
    ? undefined
    : refuse('no_permission', 'the before-hook of this app does not answer: try again later')
