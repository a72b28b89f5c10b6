import { CannotConvert } from '../../platform.ts'

const LOOK_MS = 5
/** Longer than any picture takes: whoever holds the turn then has been stopped by the runtime. */
const LONGEST_MS = 20_000
const PATIENCE_MS = 25_000

/**
 * Lets tasks take turns. A request of a Worker may not wait for a promise that another request resolves: so each looks
 * from time to time whether it is its turn.
 */
export function turns() {
  let heldSince: number | undefined
  const isFree = () => heldSince === undefined || Date.now() - heldSince > LONGEST_MS
  return async <T>(task: () => Promise<T>): Promise<T> => {
    for (const begun = Date.now(); !isFree(); ) {
      if (Date.now() - begun > PATIENCE_MS)
        throw new CannotConvert('too many pictures are being converted: try again in a moment')
      await new Promise(resolve => setTimeout(resolve, LOOK_MS))
    }
    const since = Date.now()
    heldSince = since
    try {
      return await task()
    } finally {
      if (heldSince === since) heldSince = undefined
    }
  }
}
