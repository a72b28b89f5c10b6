import { afterAll, beforeAll, describe, expect } from 'vitest'
import type { Instance, Pace, Target } from '../support/target.ts'
import { administratorListsSuite } from './administrator-lists.ts'
import { auditSuite } from './audit.ts'
import { authzSuite } from './authz.ts'
import { badInputSuite } from './bad-input.ts'
import { beforeHooksSuite } from './before-hooks.ts'
import { besideSuite } from './beside.ts'
import { contractSuite } from './contract.ts'
import { crashSuite } from './crash.ts'
import { erasureSuite } from './erasure.ts'
import { eventsSuite } from './events.ts'
import { fileSuites } from './files.ts'
import { formatsSuite } from './formats.ts'
import { fuzzSuite } from './fuzz.ts'
import { guestSuites } from './guests.ts'
import { hostilePicturesSuite } from './hostile-pictures.ts'
import { httpSuite } from './http.ts'
import { modelSuite } from './model.ts'
import { operatorSuite } from './operator.ts'
import { pagingSuite } from './paging.ts'
import { racesSuite } from './races.ts'
import { revocationSuite } from './revocation.ts'
import { rolesSuite } from './roles.ts'
import { rulesSuite } from './rules.ts'
import { storySuite } from './story.ts'
import { tokensSuite } from './tokens.ts'
import { webhooksSuite } from './webhooks.ts'

/**
 * A suite knows a running instance and nothing of how it runs, but for the target's name, by which
 * `capabilities.ts` says what it lacks. `instance()` may be called inside of tests and hooks.
 */
export type Suite = (instance: () => Instance, pace: Pace | undefined, target: string) => void

/** A suite whose service is set up in a way of its own. */
interface Environed {
  readonly suite: Suite
  readonly environment: Readonly<Record<string, string>>
}

/** Lets a test be many clients: each address may send but a few wrong tokens. */
const behindProxy = { TRUST_PROXY: 'true' }

/** Lets webhooks reach a receiver of the test's own. */
const nextDoor = { WEBHOOK_ALLOW: '127.0.0.0/8', WEBHOOK_ALLOW_HTTP: 'true' }

const suites: Readonly<Record<string, Suite | Environed>> = {
  story: storySuite,
  rules: rulesSuite,
  audit: { suite: auditSuite, environment: behindProxy },
  authz: authzSuite,
  'before-hooks': { suite: beforeHooksSuite, environment: nextDoor },
  webhooks: { suite: webhooksSuite, environment: nextDoor },
  'bad input': { suite: badInputSuite, environment: behindProxy },
  contract: contractSuite,
  http: httpSuite,
  crash: crashSuite,
  erasure: erasureSuite,
  events: { suite: eventsSuite, environment: nextDoor },
  fuzz: fuzzSuite,
  model: modelSuite,
  paging: pagingSuite,
  races: racesSuite,
  revocation: { suite: revocationSuite, environment: behindProxy },
  roles: { suite: rolesSuite, environment: behindProxy },
  operator: { suite: operatorSuite, environment: behindProxy },
  'administrator lists': administratorListsSuite,
  tokens: { suite: tokensSuite, environment: behindProxy },
  beside: { suite: besideSuite, environment: behindProxy },
  ...fileSuites,
  formats: formatsSuite,
  'hostile pictures': hostilePicturesSuite,
  ...guestSuites,
}

/**
 * Runs suites, all if none are chosen, against a target: one instance a suite, and after each nothing may be
 * wrong with its data.
 */
export function runSuites(target: Target, chosen: typeof suites = suites): void {
  for (const [name, entry] of Object.entries(chosen)) {
    const { suite, environment } = typeof entry === 'function' ? { suite: entry, environment: {} } : entry
    describe(`${name} on ${target.name}`, () => {
      let instance: Instance
      beforeAll(async () => {
        instance = await target.start(environment)
      })
      afterAll(async () => {
        const problems = await instance.check()
        await instance.stop()
        expect(problems).toEqual([])
      })
      suite(() => instance, target.pace, target.name)
    })
  }
}
