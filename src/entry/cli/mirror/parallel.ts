/** Runs tasks beside each other, at most `limit` at a time. */
export class Parallel {
  readonly #limit: number
  readonly #running = new Set<Promise<void>>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Starts a task when there is room for it. The task must not reject. */
  async add(task: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#limit) await Promise.race(this.#running)
    const running = task().finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Resolves when all tasks have ended. */
  async end(): Promise<void> {
    await Promise.all(this.#running)
  }
}
