import type { Refusal } from '../operation/errors.ts'
import type { Executor } from '../operation/executor.ts'
import type { Call } from '../operation/operation.ts'
import { task } from '../operation/task.ts'

/** Refusals that say: you may not. Others say that something is not so. */
const privilege: readonly string[] = ['no_permission', 'needs_admin', 'needs_owner']

/** How often one token's refusals are told, milliseconds, and of how many tokens that is known. */
const pauseMs = 1000
const mostTokens = 10_000

/** Tells of privileged operations that were refused, at most once a second for each token. */
export class RefusedAccess {
  private readonly lastTold = new Map<string, number>()

  /** Resolves when it is recorded that the call was refused, if that is to be told. Never fails. */
  async tell(
    executor: Executor,
    call: Call<unknown>,
    token: string,
    operation: string,
    refusal: Refusal,
  ): Promise<void> {
    if (!privilege.includes(refusal.name) || !this.isDue(token, call.now)) return
    const { code } = refusal
    const told = task({
      decide: () => ({ data: null, events: [{ kind: 'access.refused', operation, code }] }),
    })
    try {
      await executor.run(told, call, { bookmark: undefined })
    } catch {
      // The refusal is answered whether it can be recorded or not.
    }
  }

  private isDue(token: string, now: number): boolean {
    const last = this.lastTold.get(token)
    if (last !== undefined && now - last < pauseMs && now >= last) return false
    if (this.lastTold.size >= mostTokens) this.lastTold.delete(this.lastTold.keys().next().value as string)
    this.lastTold.delete(token)
    this.lastTold.set(token, now)
    return true
  }
}
