import { BlobStoreError } from '../../../platform.ts'
import { Parallel } from './parallel.ts'

/** Files that are transferred at the same time. */
const parallelFiles = 8
/** A transfer gives up after so many failures in a row: the bucket is out of reach. */
const maxFailuresInRow = 10

/**
 * Transfers files beside each other. A file that fails is noted, and the others go on, because one damaged
 * file must not keep the rest from being saved.
 */
export class Transfers {
  readonly failed: string[] = []
  readonly #parallel = new Parallel(parallelFiles)
  #inRow = 0
  #gaveUp: BlobStoreError | undefined

  /** Starts a transfer when there is room. Throws `BlobStoreError` if too many have failed before. */
  async add(name: string, transfer: () => Promise<void>): Promise<void> {
    if (this.#gaveUp !== undefined) throw this.#gaveUp
    await this.#parallel.add(async () => {
      try {
        await transfer()
        this.#inRow = 0
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        this.failed.push(`${name}: ${message}`)
        if (++this.#inRow >= maxFailuresInRow)
          this.#gaveUp = new BlobStoreError(`given up after ${this.#inRow} failures in a row: ${message}`)
      }
    })
  }

  /** Resolves when all transfers have ended. */
  async end(): Promise<void> {
    await this.#parallel.end()
    if (this.#gaveUp !== undefined) throw this.#gaveUp
  }
}
