import { HttpError } from '../operation/errors.ts'

/**
 * The result of `work` if it comes within `timeoutMs`; otherwise throws 408. So a client that sends very
 * slowly cannot hold a request for ever. `what` names what took too long: "the body".
 */
export async function inTime<T>(work: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new HttpError(408, `${what} took too long`, { connection: 'close' })),
      timeoutMs,
    )
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
