/**
 * A time that the service chose while it worked on one request: known at first to lie between sending and
 * answer, and exactly from the first answer that shows it. Stands for itself as an expected value in
 * `toEqual`.
 */
export class Moment {
  readonly from: number
  readonly to: number
  /** How far the service's clock may be from the client's. */
  readonly slack: number
  seen: number | undefined
  /** Milliseconds since 1970, of the client's clock. */
  constructor(from: number, to: number, slack = 1000) {
    this.from = from
    this.to = to
    this.slack = slack
  }

  /** The moment so many minutes later. */
  plus(minutes: number): Moment {
    return new Moment(this.from + minutes * 60_000, this.to + minutes * 60_000)
  }

  /** The moment as the API writes seconds. */
  inSeconds(): Moment {
    return new Moment(Math.floor(this.from / 1000), Math.ceil(this.to / 1000), 1)
  }

  /** Whether both may be one millisecond. */
  mayEqual(other: Moment): boolean {
    if (this.seen !== undefined && other.seen !== undefined) return this.seen === other.seen
    return this.from <= other.to && other.from <= this.to
  }

  asymmetricMatch(value: unknown): boolean {
    if (!Number.isSafeInteger(value)) return false
    const at = Number(value)
    if (this.seen === undefined && at >= this.from - this.slack && at <= this.to + this.slack) this.seen = at
    return this.seen === at
  }
}

/** The same moment as the API writes ISO 8601 in UTC. */
export const iso = (moment: Moment) => ({
  moment,
  asymmetricMatch: (value: unknown): boolean =>
    typeof value === 'string' &&
    moment.asymmetricMatch(Date.parse(value)) &&
    new Date(value).toISOString() === value,
})
