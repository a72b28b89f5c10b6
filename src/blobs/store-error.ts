import { BlobStoreError } from '../platform.ts'

/**
 * Runs one call of a store and turns every error into a `BlobStoreError`. Do not read the caller's body
 * inside: the error of an interrupted upload belongs to the caller and must reach the caller unchanged.
 */
export async function storing<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw storeError(what, error)
  }
}

/**
 * Makes a `BlobStoreError`. It leaves the original error out, because errors of the SDK hold the whole
 * request with credentials and sockets.
 */
export function storeError(what: string, error: unknown): BlobStoreError {
  if (error instanceof BlobStoreError) return error
  return new BlobStoreError(
    `${what}: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`,
  )
}

/** Throws `BlobStoreError` if the body has another length than was announced. */
export function checkSize(announced: number | undefined, size: number): void {
  if (announced !== undefined && announced !== size)
    throw new BlobStoreError(`the body has ${size} bytes, announced were ${announced}`)
}
