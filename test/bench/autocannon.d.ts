declare module 'autocannon' {
  import type { EventEmitter } from 'node:events'

  export interface Request {
    readonly method: string
    readonly path: string
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
  }
  export interface Client {
    setRequests(requests: readonly Request[]): void
  }
  export interface Options {
    readonly url: string
    readonly connections: number
    /** Requests in all. */
    readonly amount: number
    /** Milliseconds between samples; the end is noticed at one. */
    readonly sampleInt: number
    /** Seconds. */
    readonly timeout: number
    setupClient(client: Client): void
    verifyBody(body: string): boolean
  }
  export interface Result {
    readonly errors: number
    readonly timeouts: number
    readonly mismatches: number
    readonly non2xx: number
    readonly '2xx': number
  }
  export default function autocannon(options: Options): EventEmitter & PromiseLike<Result>
}
