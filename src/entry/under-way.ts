import type { Hono } from 'hono'
import { failure } from '../http/respond.ts'

export interface UnderWay {
  readonly fetch: Hono['fetch']
  /** Refuses new requests (503). Resolves when all requests under way are answered. */
  end(): Promise<void>
}

const stopping = { 'content-type': 'application/json', 'retry-after': '1', connection: 'close' }

/**
 * The app with its requests counted. It is for a runtime whose server cuts off unfinished requests when it
 * stops.
 */
export function underWay(app: Hono): UnderWay {
  let count = 0
  let ended: (() => void) | undefined
  const answered = () => {
    count--
    if (count === 0) ended?.()
  }
  return {
    fetch(request, ...rest) {
      if (ended !== undefined)
        return new Response(failure(503, 'the service is stopping: try again'), {
          status: 503,
          headers: stopping,
        })
      const response = app.fetch(request, ...rest)
      if (response instanceof Promise) {
        count++
        response.then(answered, answered)
      }
      return response
    },
    end: () =>
      new Promise(resolve => {
        ended = resolve
        if (count === 0) resolve()
      }),
  }
}
