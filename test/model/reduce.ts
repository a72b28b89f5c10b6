/**
 * A short part of a failing sequence that fails too: leaves out halves, quarters, … while that still fails,
 * in at most `tries` runs, each of which has the sequence played anew.
 */
export async function reduce<Step>(
  failing: readonly Step[],
  run: (steps: readonly Step[]) => Promise<void>,
  tries: number,
): Promise<{ readonly steps: readonly Step[]; readonly error: unknown }> {
  let steps = failing
  let error: unknown
  let left = tries
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    // From the end: what comes after the failure goes first.
    for (let end = steps.length; end > 0 && left > 0; end -= size, left--) {
      const shorter = steps.toSpliced(Math.max(0, end - size), size)
      try {
        await run(shorter)
      } catch (shorterError) {
        steps = shorter
        error = shorterError
      }
    }
  }
  return { steps, error }
}
