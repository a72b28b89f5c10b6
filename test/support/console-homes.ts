import { join } from 'node:path'
import { commandTarget } from './command-target.ts'
import { removeFolder, temporaryFolder } from './process.ts'
import { buildBinary } from './programs.ts'
import type { Target } from './target.ts'
import { prepareWorker, workerTarget } from './worker-target.ts'

/** A home as a browser meets it: what it is built of is made when it is needed. */
export interface ConsoleHome {
  readonly target: Target
  /** Removes what was built. */
  remove(): Promise<void>
}

/** Every kind of home that carries the console in a way of its own. */
export const consoleHomes: Readonly<Record<string, () => Promise<ConsoleHome>>> = {
  node: async () => ({
    target: commandTarget('node', ['node', 'dist/cohort.js']),
    remove: async () => undefined,
  }),
  async binary() {
    const folder = temporaryFolder()
    const binary = join(folder, 'cohort')
    await buildBinary(binary)
    return { target: commandTarget('bun', [binary], { cwd: folder }), remove: () => removeFolder(folder) }
  },
  async worker() {
    const prepared = await prepareWorker()
    return { target: workerTarget(() => prepared), remove: prepared.remove }
  },
}
