import { afterAll, beforeAll } from 'vitest'
import { scansByWebhook } from '../scan/by-webhook.ts'
import { runSuites } from '../suites/all.ts'
import { type Prepared, prepareWorker, workerTarget } from '../support/worker-target.ts'

let prepared: Prepared
beforeAll(async () => {
  prepared = await prepareWorker()
})
afterAll(() => prepared.remove())

const target = workerTarget(() => prepared)
runSuites(target)
scansByWebhook(target)
