/** A process that holds memory of the budget. */
export interface Holder {
  /** Ends the process, which has no work. It then calls `release` with 0. */
  stopIdle(): void
}

export interface MemoryBudget {
  /**
   * Waits until this process may take so many bytes, whatever it held before. From then on it works, until
   * `release`. Who waits longest comes first. Idle processes are stopped to make room. A process alone may
   * take any number.
   */
  reserve(holder: Holder, bytes: number): Promise<void>
  /** The process has no work any more, and keeps so many bytes: 0 when it has ended. */
  release(holder: Holder, keptBytes: number): void
  isWorking(holder: Holder): boolean
}

/** Memory that processes share: together they reserve at most `maxBytes`. */
export function memoryBudget(maxBytes: number): MemoryBudget {
  const held = new Map<Holder, number>()
  const working = new Set<Holder>()
  const line: { readonly holder: Holder; readonly bytes: number; begin(): void }[] = []

  const fits = (holder: Holder, bytes: number): boolean => {
    const others = [...held].filter(([other]) => other !== holder)
    return others.length === 0 || others.reduce((sum, [, more]) => sum + more, bytes) <= maxBytes
  }

  /** Begins those at the head of the line that fit. */
  const next = (): void => {
    for (let first = line[0]; first !== undefined; first = line[0]) {
      const { holder, bytes, begin } = first
      for (const other of held.keys()) {
        if (fits(holder, bytes)) break
        if (other === holder || working.has(other)) continue
        held.delete(other)
        other.stopIdle()
      }
      if (!fits(holder, bytes)) return
      line.shift()
      held.set(holder, bytes)
      working.add(holder)
      begin()
    }
  }

  return {
    reserve: (holder, bytes) =>
      new Promise(begin => {
        line.push({ holder, bytes, begin })
        next()
      }),
    release(holder, keptBytes) {
      working.delete(holder)
      if (keptBytes === 0) held.delete(holder)
      else held.set(holder, keptBytes)
      next()
    },
    isWorking: holder => working.has(holder),
  }
}
