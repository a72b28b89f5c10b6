import { HttpError } from '../operation/errors.ts'

/**
 * The result of `work` if it comes within `timeoutMs`; otherwise throws 408. So a client that sends very
 * slowly cannot hold a request for ever. `what` names what took too long: "the body". If `work` fails, throws
 * what `failed` makes of the error.
 */
export const inTime = <T>(
  work: Promise<T>,
  timeoutMs: number,
  what: string,
  failed = (error: unknown) => error,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new HttpError(408, `${what} took too long`, { connection: 'close' })),
      timeoutMs,
    )
    work.then(
      result => {
        clearTimeout(timer)
        resolve(result)
      },
      error => {
        clearTimeout(timer)
        reject(failed(error))
      },
    )
  })

/**
 * As `inTime`, for bytes of a request. Its sender may break off at any time. This is no failure of the
 * service, so it is 400, whatever the runtime throws.
 */
export const received = <T>(work: Promise<T>, timeoutMs: number, what: string): Promise<T> =>
  inTime(work, timeoutMs, what, error =>
    error instanceof HttpError ? error : new HttpError(400, `${what} ended too early`),
  )
