import { countOld, countOldRecords, removeOldFiles, removeOldRecords } from '../file/expired-files.ts'
import { Refusal } from '../operation/errors.ts'
import type { Executor, Task } from '../operation/executor.ts'
import { runnerFor } from '../operation/task.ts'
import { allApps } from '../tenant/registry.ts'
import type { Job, JobRun } from './job.ts'

const dayMs = 24 * 60 * 60 * 1000
/** How many files one change removes at most. */
const portion = 50

/**
 * What an app keeps only for a time. `before`: what is older goes, milliseconds since 1970; undefined:
 * nothing does.
 */
interface Keeping {
  readonly app_id: string
  readonly chatBefore: number | undefined
  readonly sharedBefore: number | undefined
}

/** The apps of a database that do not keep their files for ever. */
async function keepings({ apps, clock }: JobRun, executor: Executor): Promise<Keeping[]> {
  const found: Keeping[] = []
  for (const { app_id } of await executor.read(allApps({}))) {
    const app = await apps.get(app_id)
    if (app === undefined) continue
    const { retention_chat_days: chat, retention_shared_days: shared } = app.settings
    if (chat === 0 && shared === 0) continue
    const before = (days: number) => (days === 0 ? undefined : clock() - days * dayMs)
    found.push({ app_id, chatBefore: before(chat), sharedBefore: before(shared) })
  }
  return found
}

type Step = (most: number) => Task<number>

/** What is to be done for an app, in this order: a file goes when no record refers to it any more. */
const stepsOf = ({ chatBefore, sharedBefore }: Keeping): Step[] => [
  ...(sharedBefore === undefined
    ? []
    : [
        (most: number) => removeOldRecords(sharedBefore, most),
        (most: number) => removeOldFiles('shared', sharedBefore, most),
      ]),
  ...(chatBefore === undefined ? [] : [(most: number) => removeOldFiles('chat', chatBefore, most)]),
]

/**
 * Removes files that are older than their app keeps them, at most `run.most` in a run. Apps take turns, a
 * portion each, so that a large app holds up no other. The job `collect-released` then deletes the bytes.
 */
export const expireFiles: Job = {
  name: 'expire-files',
  title: 'remove files that are older than their app keeps them',
  everyMs: 60_000,
  async run(run) {
    let count = 0
    for (const executor of run.executors) {
      let waiting = (await keepings(run, executor)).map(keeping => ({ keeping, steps: stepsOf(keeping) }))
      let left = run.most
      while (waiting.length > 0 && left > 0 && !run.signal.aborted) {
        for (const { keeping, steps } of waiting) {
          const [step] = steps
          if (step === undefined || left <= 0 || run.signal.aborted) continue
          const most = Math.min(portion, left)
          // A step that fails is not tried again in this run.
          let removed = 0
          await run.attempt(`app ${keeping.app_id}`, async () => {
            removed = await perform(run, keeping.app_id, step(most))
          })
          count += removed
          left -= removed
          if (removed < most) steps.shift()
        }
        waiting = waiting.filter(({ steps }) => steps.length > 0)
      }
    }
    return { files: count }
  },
  async preview(run) {
    const report = { files: 0, records: 0, bytes: 0 }
    for (const executor of run.executors) {
      for (const { app_id, chatBefore, sharedBefore } of await keepings(run, executor)) {
        for (const [kind, before] of [
          ['chat', chatBefore],
          ['shared', sharedBefore],
        ] as const) {
          if (before === undefined) continue
          const [old] = await executor.read(countOld[kind]({ app_id, before, since: sharedBefore ?? 0 }))
          report.files += old?.files ?? 0
          report.bytes += old?.bytes ?? 0
        }
        if (sharedBefore === undefined) continue
        const [old] = await executor.read(countOldRecords({ app_id, before: sharedBefore }))
        report.records += old?.records ?? 0
      }
    }
    return report
  },
}

async function perform(run: JobRun, app_id: string, task: Task<number>): Promise<number> {
  const app = await run.apps.get(app_id)
  if (app === undefined) return 0
  const removed = await runnerFor(run, { bookmark: undefined }, app)(task)
  if (removed instanceof Refusal) throw new Error(removed.message)
  return removed
}
