import { HttpError } from '../operation/errors.ts'

/**
 * The result of `work` if it comes within `timeoutMs`; otherwise throws 408. So a client that sends very
 * slowly cannot hold a request for ever. `what` names what took too long: "the body".
 */
export const inTime = <T>(work: Promise<T>, timeoutMs: number, what: string): Promise<T> =>
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
        reject(error)
      },
    )
  })
