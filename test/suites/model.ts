import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Play, Tally, type Tenant } from '../model/play.ts'
import { reduce } from '../model/reduce.ts'
import { changes, type Step, sequence } from '../model/steps.ts'
import type { Suite } from './all.ts'

const shortest = 100
const longest = 120
/** Sequences under way at once: each has users and groups of its own. */
const together = 24
/** How often a failing sequence is played again to find a short one. */
const tries = 80

/** Small limits, so that random sequences reach them. */
const limits = { capacity_private: 4, capacity_chatroom: 5, max_groups_created: 2, rate_user_per_second: 0 }

/** Enough sequences for every operation to succeed some time, and for each of these refusals. */
const many = 200
const refusals = [
  10002, 10010, 20001, 20002, 20003, 20004, 20005, 20008, 20009, 20010, 20011, 20012, 20013, 20014, 20015,
  20016, 20017, 20018, 20020,
]
const refusalsOfContent = [20022, 20023, 20024]

/**
 * Random sequences of operations by several users, against the service and against a model written from the
 * specification (test/model): every answer and all that can be seen must agree. MODEL_RUNS says how many
 * sequences, MODEL_SEED which; a failure prints the seed.
 */
export const modelSuite: Suite = (instance, pace) => {
  const runs = Number(process.env.MODEL_RUNS ?? (pace === 'slow' ? 20 : 200))
  const seed = Number(process.env.MODEL_SEED ?? Math.floor(Math.random() * 2 ** 31))
  const title = `agrees with the model in ${runs} random sequences of ${shortest} and more operations`

  it(title, { timeout: 1_200_000 }, async () => {
    const tenants = await Promise.all(
      [false, true].map(async (invite_confirm): Promise<Tenant> => {
        const app_id = `model-${invite_confirm ? 'asks' : 'joins'}`
        const rules = { ...limits, max_groups_joined: invite_confirm ? 3 : 2, invite_confirm }
        return { app_id, secret: await instance().createApp(app_id, rules), rules }
      }),
    )
    const tally = new Tally()
    const play = async (tenant: Tenant, steps: readonly Step[]): Promise<void> =>
      (await Play.start(instance(), tenant, tally)).run(steps)

    let failure:
      | { readonly tenant: Tenant; readonly steps: readonly Step[]; readonly error: unknown }
      | undefined
    const property = fc.asyncProperty(
      fc.constantFrom(...tenants),
      sequence(shortest, longest),
      async (tenant, steps) => {
        if (failure !== undefined) return
        await play(tenant, steps).catch(error => {
          failure ??= { tenant, steps, error }
        })
      },
    )
    const check = async (worker: number): Promise<void> => {
      const numRuns = Math.floor((runs + worker) / together)
      if (numRuns > 0) await fc.assert(property, { seed: seed + worker, numRuns })
    }
    await Promise.all(Array.from({ length: together }, (_, worker) => check(worker)))

    if (failure !== undefined) {
      const { tenant, steps, error } = failure
      const short = await reduce(steps, part => play(tenant, part), tries)
      throw new Error(`MODEL_SEED=${seed}, in the app ${tenant.app_id}: ${short.error ?? error}`)
    }
    if (runs < many) return
    for (const { name } of changes) expect(tally.codesOf(name), `codes of ${name}`).toContain(200)
    for (const code of [...refusals, ...refusalsOfContent]) expect(tally.reached).toContain(code)
  })
}
