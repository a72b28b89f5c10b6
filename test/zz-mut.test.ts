import { describe, beforeAll, afterAll } from 'vitest'
import { commandTarget } from './support/command-target.ts'
import { modelSuite } from './suites/model.ts'
import type { Instance } from './support/target.ts'
for (const name of ['nosettle','blockpending','noforget','novoid','hide','maychange','reset','drop']) {
  describe(name, () => {
    let i: Instance
    beforeAll(async () => { i = await commandTarget(name, ['node', `/tmp/mut/${name}.mjs`]).start() })
    afterAll(async () => { await i.stop() })
    modelSuite(() => i, 'fast', name)
  })
}
