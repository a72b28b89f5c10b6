import { BlobStoreError } from '../../platform.ts'
import type { Command, Invocation } from './command.ts'

/** The command cannot do what it was asked: its message is all there is to say, and the exit code is 1. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
}

/**
 * `run` of a command that can fail for reasons of its own, or of the object store: they are said in a line.
 */
export const sayingWhatFailed =
  (run: (invocation: Invocation) => Promise<void>): Command['run'] =>
  async invocation => {
    try {
      await run(invocation)
      return 0
    } catch (error) {
      if (!(error instanceof CommandFailure || error instanceof BlobStoreError)) throw error
      process.stderr.write(`cohort: ${error.message}\n`)
      return 1
    }
  }
