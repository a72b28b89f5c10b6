import { afterAll, beforeAll, describe, expect } from 'vitest'
import type { Instance, Target } from '../support/target.ts'
import { storySuite } from './story.ts'

/** A suite knows a running instance and nothing of how it runs. `instance()` may be called inside of tests and hooks. */
export type Suite = (instance: () => Instance) => void

const suites: Readonly<Record<string, Suite>> = { story: storySuite }

/** Runs every suite against a target: one instance a suite, and after each nothing may be wrong with its data. */
export function runSuites(target: Target): void {
  for (const [name, suite] of Object.entries(suites)) {
    describe(`${name} on ${target.name}`, () => {
      let instance: Instance
      beforeAll(async () => {
        instance = await target.start()
      })
      afterAll(async () => {
        const problems = await instance.check()
        await instance.stop()
        expect(problems).toEqual([])
      })
      suite(() => instance)
    })
  }
}
