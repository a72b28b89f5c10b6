import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import * as z from 'zod'
import { type Refusal, refuse } from '../operation/errors.ts'
import type { Call, Operation } from '../operation/operation.ts'
import { type Clock, type Log, type Outbound, OutboundError } from '../platform.ts'
import type { App } from '../tenant/app.ts'
import { signedHeaders } from './signature.ts'

/*
 * Before-hooks: before a change is made, Cohort asks a server of the app whether it may be made, for
 * moderation or payment (docs/webhooks.md). It asks before the change enters the write queue, so a slow hook
 * delays only the callers that need it.
 */

const maxAnswerBytes = 4096
/** The breaker opens when so many of the latest answers were failures, and stays open for so long. */
const remembered = 20
const maxFailures = 10
const openMs = 30_000

const answerShape = z.union([
  z.object({ allow: z.literal(true) }),
  z.object({ allow: z.literal(false), message: z.string().max(500).default('') }),
])

/** The secrets that sign the questions to an app's before-hook: one for each signing key of the app. */
export const beforeHookSecrets = ({ keys }: Pick<App, 'keys'>): string[] =>
  keys.map(({ secret }) => {
    const bytes = hmac(sha256, utf8ToBytes(secret), utf8ToBytes('before-hook'))
    return `whsec_${btoa(String.fromCharCode(...bytes))}`
  })

/** Whether the app's hook must be asked before this operation. `hook_operations` lists paths, or is `*`. */
export const concerns = ({ hook_url, hook_operations }: App['settings'], { path }: Operation): boolean =>
  hook_url !== '' && hook_operations.split(',').some(name => name.trim() === '*' || name.trim() === path)

/**
 * Opens when too many of the hook's latest answers were failures, so that nobody waits for a hook that is
 * down.
 */
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

  /** Asks the app's before-hook. Answers the refusal of the operation, or undefined if it is allowed. */
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

/** The refusal if the hook does not answer. The app has chosen whether there is one; there is no default. */
const failure = ({ settings }: App): Refusal | undefined =>
  settings.hook_on_failure === 'allow'
    ? undefined
    : refuse('no_permission', 'the before-hook of this app does not answer: try again later')
