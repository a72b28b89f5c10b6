/** 2024-01-01. Ids count milliseconds from here, so that 41 bits last until 2093. */
const epoch = Date.UTC(2024, 0, 1)
/** A clock at or after this time is certainly wrong. The ids from here to 2^53 are left for counting on. */
const latest = Date.UTC(2090, 0, 1)
const perMillisecond = 4096
/** As many ids as one second has. */
const farBehind = 1000 * perMillisecond

/**
 * No id that was made from a clock is as high as this. Ids of imported groups may be higher; new ids do not
 * start above those.
 */
export const aboveAllIds = (latest - epoch) * perMillisecond + 2 ** 48

export interface IdMaker {
  /** A new id, higher than all ids made before. */
  readonly next: () => number
  /** All new ids will be higher than this one, unless it is `aboveAllIds` or higher. */
  goOnAbove(id: number): void
}

/**
 * Makes ids: positive safe integers that grow with time. They have 41 bits of milliseconds and 12 bits of a
 * counter. The counter starts at a random number, so that processes that share a database rarely make the
 * same id. The program makes the ids and not the database, because D1 cannot pass an id to the next statement
 * of a batch.
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
      // The counter goes on from the last id within one millisecond, after the clock was set back, and while
      // the clock is certainly wrong. If the last id is more than a second ahead, the counter leaves random
      // gaps, because other processes may count on from the same id.
      const gap = last - fresh > farBehind ? Math.floor(random() * perMillisecond) : 0
      last = fresh > last ? fresh : last + 1 + gap
      return last
    },
    goOnAbove(id) {
      if (id < aboveAllIds) last = Math.max(last, id)
    },
  }
}
