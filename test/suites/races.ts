import { afterEach, describe, expect } from 'vitest'
import type { Suite } from './all.ts'
import { conflictRaces } from './races/conflicts.ts'
import { handlingRaces } from './races/handling.ts'
import { limitRaces } from './races/limits.ts'
import { placeRaces } from './races/places.ts'

/**
 * Clients that race end as if one came after the other (docs/behaviour.md, section 6), and whatever came
 * first, nothing is wrong afterwards.
 */
export const racesSuite: Suite = (instance, pace, target) => {
  afterEach(async () => {
    expect(await instance().check()).toEqual([])
  })
  describe('the last place', () => placeRaces(instance, pace, target))
  describe('the same thing done twice', () => handlingRaces(instance, pace, target))
  describe('two that do not go together', () => conflictRaces(instance, pace, target))
  describe('the last group', () => limitRaces(instance, pace, target))
}
