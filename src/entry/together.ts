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
  const release = () => {
    const now = ready
    ready = []
    for (const leave of now) leave()
  }
  return (request, ...rest) => {
    const response = fetch(request, ...rest)
    if (response instanceof Promise) return response
    return new Promise(resolve => {
      if (ready.push(() => resolve(response)) === 1) setImmediate(release)
    })
  }
}
