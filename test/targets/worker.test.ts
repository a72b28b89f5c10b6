import { afterAll, beforeAll } from 'vitest'
import { runSuites } from '../suites/all.ts'
import { type Prepared, prepareWorker, workerTarget } from '../support/worker-target.ts'

let prepared: Prepared
beforeAll(async () => {
  prepared = await prepareWorker()
})
afterAll(() => prepared.remove())

runSuites(workerTarget(() => prepared))
