/**
 * What there is to work on, the same in the service and in the yardstick's copy of its database. Plain data:
 * it is sent to the load process.
 */
export interface World {
  readonly app_id: string
  readonly secret: string
  /** Users 1 to so many call, in turn. */
  readonly callers: number
  /**
   * Group i has `membersOfEach` members, the callers from i + 1 on (after the last comes the first again);
   * the first of them owns it.
   */
  readonly groups: readonly number[]
  readonly membersOfEach: number
  /**
   * Two groups of different size of which every caller is a member, owned by caller 1, with cursors all over
   * their member lists.
   */
  readonly middle: Large
  readonly large: Large
  /**
   * Groups that nobody but their owner has joined yet, and anybody may: for applicants who spread, and for
   * all at once into one.
   */
  readonly open: readonly number[]
  readonly hot: readonly number[]
  /** Groups of these users besides their owner, who is caller i + 1, to be kicked. */
  readonly crowded: readonly number[]
  readonly victims: readonly number[]
  /** Path and query of a stored file and of a thumbnail. */
  readonly download: string
  readonly thumbnail: string
}

export interface Large {
  readonly group_id: number
  readonly members: number
  /** '' and cursors at even distances. */
  readonly cursors: readonly string[]
}

/** The user id of the k-th member of group i. */
export const memberOf = ({ callers }: World, i: number, k: number): number => ((i + k) % callers) + 1

/** Users who are in no group and in no other work's list: `lane` is the work, `n` counts. */
export const stranger = (lane: number, n: number): number => 1_000_000_000_000 + lane * 10_000_000_000 + n
