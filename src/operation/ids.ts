/** 2024-01-01: ids count milliseconds from here, so that 41 bits last until 2093. */
const epoch = Date.UTC(2024, 0, 1)
const perMillisecond = 4096

/**
 * Makes ids: positive safe integers that grow with time, 41 bits of milliseconds and 12 of a counter that
 * starts at random, so that processes which share a database do not meet. Made here and not by the database:
 * D1 cannot hand an id to the next statement of a batch.
 */
export function idMaker(clock: () => number, random: () => number = Math.random): () => number {
  let last = 0
  return () => {
    const fresh = (clock() - epoch) * perMillisecond + Math.floor(random() * (perMillisecond / 2))
    // Within one millisecond, and when the clock jumps back, the counter goes on from the last id.
    last = fresh > last ? fresh : last + 1
    return last
  }
}
