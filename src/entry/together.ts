import type { Hono } from 'hono'

/**
 * Holds back the answers of the app until all requests of this turn of the event loop are handled, then sends
 * them together. If answers are sent one by one, each wakes a sleeping client before the next is ready. A
 * dozen answers in a row wake it once, at half the CPU time (measured: 1.5 × the reads). Answers that need
 * more than one turn, such as those of writes, are not held back: one commit already answers many of them
 * together.
 */
export function together(fetch: Hono['fetch']): Hono['fetch'] {
  let ready: (() => void)[] = []
  /** Whether a request has come in this turn, so that `release` is called at its end. */
  let open = false
  const release = () => {
    const now = ready
    ready = []
    open = false
    for (const leave of now) leave()
  }
  const held = (response: Response): Response | Promise<Response> =>
    open ? new Promise(resolve => ready.push(() => resolve(response))) : response
  return (request, ...rest) => {
    if (!open) setImmediate(release)
    open = true
    const response = fetch(request, ...rest)
    return response instanceof Promise ? response.then(held) : held(response)
  }
}
