import { CannotConvert } from '../platform.ts'

export type Limiter = <T>(task: () => Promise<T>) => Promise<T>

const tooMany = () => new CannotConvert('too many files are being converted; try again in a moment')

/**
 * Runs at most `atOnce` tasks at the same time. At most `waiting` more tasks wait in line, in their order. If
 * the line is full, a task fails at once with the error that `full` makes, because a waiting task may hold a
 * whole file in memory.
 */
export function limiter(atOnce: number, waiting: number, full: () => Error = tooMany): Limiter {
  let running = 0
  const line: (() => void)[] = []
  return async task => {
    if (running < atOnce) running++
    else {
      if (line.length >= waiting) throw full()
      await new Promise<void>(go => line.push(go))
    }
    try {
      return await task()
    } finally {
      const next = line.shift()
      if (next) next()
      else running--
    }
  }
}
