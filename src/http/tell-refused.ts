import { lacksRight } from '../events/refused.ts'
import { Refusal } from '../operation/errors.ts'
import { callerOf } from '../tenant/token-verifier.ts'
import type { Exchange } from './exchange.ts'
import type { Access } from './route.ts'

/* Refused calls of what is privileged are recorded, before they are answered (see `RefusedAccess`). */

/** Answers the refusal. One for lack of rights is recorded first. */
export async function tellRefused(
  exchange: Exchange,
  access: Access,
  operation: string,
  refusal: Refusal,
): Promise<Refusal> {
  if (lacksRight(refusal)) await record(exchange, access, operation, refusal)
  return refusal
}

/**
 * Answers why this caller is not the operator. If the caller sent a valid token of an app, that is recorded
 * in the app first.
 */
export async function tellNotOperator(
  exchange: Exchange,
  operation: string,
  refusal: Refusal,
): Promise<Refusal> {
  const token = exchange.tokenOf(exchange.header('access-token'))
  if (token === undefined) return refusal
  const app = await exchange.appOf(token)
  if (app instanceof Refusal) return refusal
  const { tokens } = exchange.service
  const identity = tokens.known(app, token) ?? (await tokens.verify(app, token))
  const caller = identity instanceof Refusal ? identity : callerOf(identity, null, null)
  if (!(caller instanceof Refusal)) await record(exchange, { app, caller, token }, operation, refusal)
  return refusal
}

async function record(
  { service, origin }: Exchange,
  { app, caller, token }: Access,
  operation: string,
  refusal: Refusal,
): Promise<void> {
  const { executorFor, clock, newId, refusedAccess } = service
  const call = { app, caller, input: {}, now: clock(), newId, origin }
  await refusedAccess.tell(executorFor(app.app_id), call, token ?? '', operation, refusal)
}
