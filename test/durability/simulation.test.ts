import { expect, it } from 'vitest'
import { playSeed } from './simulation/play.ts'

/*
 * The real service over HTTP requests, its real operations and executor, on a disk whose syncs succeed, fail,
 * hang or are late, with kills and power cuts anywhere. Nothing that was answered, told to a reader or acted
 * upon may lie beyond what a power cut leaves. SIMULATION_SEED=n repeats one seed, SIMULATION_SEEDS=m plays
 * so many from there.
 */

const { SIMULATION_SEED: seed, SIMULATION_SEEDS: seeds } = process.env
const first = Number(seed ?? 1)
const count = Number(seeds ?? (seed === undefined ? 1000 : 1))

const title = `says nothing that a power cut could take back, with ${count} seeds from ${first}`

it(title, { timeout: 1_200_000 + count * 1000 }, async () => {
  const failed: string[] = []
  for (let seed = first; seed < first + count; seed++) {
    const complaints = await playSeed(seed)
    if (complaints.length > 0) failed.push(`SIMULATION_SEED=${seed}: ${complaints[0]}`)
    if (failed.length === 10) break
  }
  expect(failed).toEqual([])
})
