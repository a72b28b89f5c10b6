import type { Refusal } from '../operation/errors.ts'
import type { Executor } from '../operation/executor.ts'
import type { Call } from '../operation/operation.ts'
import { task } from '../operation/task.ts'

const rights: readonly string[] = ['no_permission', 'needs_admin', 'needs_owner']

/**
 * Whether the caller was refused because it lacks a right. All other refusals mean something else is wrong.
 */
export const lacksRight = ({ name }: Refusal): boolean => rights.includes(name)

/**
 * The shortest time between two records of one token's refusals (milliseconds), and how many tokens are
 * remembered.
 */
const pauseMs = 1000
const mostTokens = 10_000

/** Records that privileged operations were refused, at most once a second for each token. */
export class RefusedAccess {
  private readonly lastTold = new Map<string, number>()

  /**
   * Records that the call was refused for lack of a right, unless this token's last one was recorded just
   * before. Resolves when that is done. Never fails.
   */
  async tell(
    executor: Executor,
    call: Call<unknown>,
    token: string,
    operation: string,
    { code }: Refusal,
  ): Promise<void> {
    if (!this.isDue(token, call.now)) return
    const told = task({
      decide: () => ({ data: null, events: [{ kind: 'access.refused', operation, code }] }),
    })
    try {
      await executor.run(told, call, { bookmark: undefined })
    } catch {
      // The caller gets the refusal even if it could not be recorded.
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
