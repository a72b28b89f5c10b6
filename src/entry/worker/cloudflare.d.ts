/** The parts of the Workers runtime that the Hub and its callers use. */
declare module 'cloudflare:workers' {
  export interface HibernatingWebSocket extends WebSocket {
    accept(): void
  }
  export interface DurableObjectContext {
    acceptWebSocket(socket: HibernatingWebSocket): void
    getWebSockets(): HibernatingWebSocket[]
    readonly storage: {
      /** When `alarm` will be called, milliseconds since 1970. */
      getAlarm(): Promise<number | null>
      setAlarm(at: number): Promise<void>
    }
  }
  export abstract class DurableObject<Env = unknown> {
    protected readonly ctx: DurableObjectContext
    protected readonly env: Env
    constructor(ctx: DurableObjectContext, env: Env)
  }
  /** Keeps the request under way alive until the promise is settled. */
  export function waitUntil(promise: Promise<unknown>): void
}
