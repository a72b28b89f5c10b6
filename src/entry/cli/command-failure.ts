import { BlobStoreError } from '../../platform.ts'
import type { Command, Invocation } from './command.ts'

/** The command cannot do its work. The program prints only the message and ends with exit code 1. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
}

/**
 * Wraps the `run` of a command. A `CommandFailure`, or an error of the object store, is printed as one line.
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
