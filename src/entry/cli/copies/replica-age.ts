import type { LitestreamFigures, Position } from './litestream-position.ts'

/** What one look at Litestream has shown. */
export interface Look extends LitestreamFigures {
  /** When it began, milliseconds since 1970. */
  readonly at: number
  /** Up to where changes are in Litestream's folder. */
  readonly copied: Position | undefined
}

/** Changes that were committed before `at` are in the replica when it has come to `position`. */
interface Mark {
  readonly at: number
  readonly position: Position
}

type Uploaded = LitestreamFigures['uploaded']

const isSame = (one: Uploaded, other: Uploaded): boolean =>
  one?.index === other?.index && one?.offset === other?.offset

/**
 * Concludes from looks at Litestream up to when changes are in the replica. If two copies into Litestream's
 * folder have ended since a look, at least one of them began after that look. So everything that was
 * committed before that look is in the folder, and it is in the replica when the upload has come to the same
 * position.
 */
export class ReplicaAge {
  /** Everything committed before this moment is in the replica, milliseconds since 1970. */
  replicatedAt: number
  #before: Look | undefined
  #marks: Mark[] = []
  #generation = ''
  /** What Litestream told of uploads when its generation was new: it may be of the generation before. */
  #stale: Uploaded

  /** `startedAt`: what is answered until the first look that shows something. */
  constructor(startedAt: number) {
    this.replicatedAt = startedAt
  }

  /** Whether changes wait for their upload. */
  get isWaiting(): boolean {
    return this.#marks.length > 0
  }

  add(look: Look): void {
    const { copied, uploaded } = look
    if (copied === undefined) return
    if (copied.generation !== this.#generation) {
      this.#stale = uploaded
      this.#generation = copied.generation
      this.#marks = []
      this.#before = look
      return
    }
    const before = this.#before
    if (before === undefined || look.copies < before.copies) this.#before = look
    else if (look.copies >= before.copies + 2) {
      this.#marks.push({ at: before.at, position: copied })
      this.#before = look
    }
    if (uploaded === undefined || (this.#stale !== undefined && isSame(uploaded, this.#stale))) return
    this.#stale = undefined
    const isThere = ({ position: { index, offset } }: Mark) =>
      uploaded.index > index || (uploaded.index === index && uploaded.offset >= offset)
    const reached = this.#marks.findLast(isThere)
    if (reached === undefined) return
    this.replicatedAt = reached.at
    this.#marks = this.#marks.filter(mark => mark.at > reached.at)
  }
}
