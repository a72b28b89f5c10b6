import type { EventLoop } from '../../../src/platform.ts'

interface Timer {
  readonly at: number
  readonly action: () => void
}

/** The event loop of a simulated process: nothing happens before the simulation says so. */
export class SimulatedLoop implements EventLoop {
  private turns: (() => void)[] = []
  private readonly timers = new Set<Timer>()
  private time = 0

  turn(action: () => void): void {
    this.turns.push(action)
  }

  later(delayMs: number, action: () => void): () => void {
    const timer = { at: this.time + delayMs, action }
    this.timers.add(timer)
    return () => void this.timers.delete(timer)
  }

  /** Runs what waits for the event loop to turn. */
  runTurn(): void {
    const due = this.turns
    this.turns = []
    for (const action of due) action()
  }

  /** Lets so much time pass, milliseconds. */
  advance(ms: number): void {
    this.time += ms
    const due = [...this.timers].filter(({ at }) => at <= this.time).sort((a, b) => a.at - b.at)
    for (const timer of due) if (this.timers.delete(timer)) timer.action()
  }
}
