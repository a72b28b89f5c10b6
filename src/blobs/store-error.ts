import { BlobStoreError } from '../platform.ts'

/**
 * Runs one call of a store and turns whatever it throws into a `BlobStoreError`. Reading the caller's body
 * stays outside of it: an upload that was cut off is the caller's error and must reach the caller as it is.
 */
export async function storing<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw storeError(what, error)
  }
}

/** Without the error as its cause: the SDK's hold the whole request, credentials and sockets included. */
export function storeError(what: string, error: unknown): BlobStoreError {
  if (error instanceof BlobStoreError) return error
  return new BlobStoreError(
    `${what}: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`,
  )
}

/** Throws `BlobStoreError` if a body was announced with another length than it had. */
export function checkSize(announced: number | undefined, size: number): void {
  if (announced !== undefined && announced !== size)
    throw new BlobStoreError(`the body has ${size} bytes, announced were ${announced}`)
}
