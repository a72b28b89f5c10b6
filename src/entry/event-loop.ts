import type { EventLoop } from '../platform.ts'

/** The event loop of Node, Bun and Deno. */
export const eventLoop: EventLoop = {
  turn: action => void setImmediate(action),
  later(delayMs, action) {
    const timer = setTimeout(action, delayMs)
    return () => clearTimeout(timer)
  },
}
