/** 2024-01-01: ids count milliseconds from here, so that 41 bits last until 2093. */
const epoch = Date.UTC(2024, 0, 1)
/** A clock that is this far is wrong. What is left up to 2^53 is for counting on. */
const latest = Date.UTC(2090, 0, 1)
const perMillisecond = 4096
/** A second of ids. */
const farBehind = 1000 * perMillisecond

/**
 * No id that was made from a clock is as high. Those of groups that were imported may be: nothing goes on above
 * them.
 */
export const aboveAllIds = (latest - epoch) * perMillisecond + 2 ** 48

export interface IdMaker {
  /** A new id, above all others that were made. */
  readonly next: () => number
  /** From now on all ids are above this one, unless it is `aboveAllIds`. */
  goOnAbove(id: number): void
}

/**
 * Makes ids: positive safe integers that grow with time, 41 bits of milliseconds and 12 of a counter that
 * starts at random, so that processes which share a database do not meet. Made here and not by the database:
 * D1 cannot hand an id to the next statement of a batch.
 */
export function idMaker(clock: () => number, random: () => number = Math.random): IdMaker {
  let last = 0
  return {
    next() {
      const now = clock()
      const plausible = now >= epoch && now < latest
      const fresh = plausible
        ? (now - epoch) * perMillisecond + Math.floor(random() * (perMillisecond / 2))
        : 0
      // Within one millisecond, when the clock jumps back and when it cannot be right, the counter goes on from
      // the last id. Far behind it leaves gaps at random, as the clock does else: others may count from there too.
      const gap = last - fresh > farBehind ? Math.floor(random() * perMillisecond) : 0
      last = fresh > last ? fresh : last + 1 + gap
      return last
    },
    goOnAbove(id) {
      if (id < aboveAllIds) last = Math.max(last, id)
    },
  }
}
