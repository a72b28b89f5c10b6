const width = 30
/** The least time between two drawings of the bar, milliseconds. */
const minRedrawMs = 100

export interface Progress {
  /** `done` of `total` units are done. */
  (done: number, total: number): void
  /** Removes the bar from the screen. */
  end(): void
}

/** Draws a progress bar on stderr if that is a terminal. Draws nothing otherwise. */
export function progressBar(label: string): Progress {
  if (process.stderr.isTTY !== true) return Object.assign(() => {}, { end() {} })
  let drawn = 0
  const draw = (done: number, total: number) => {
    const now = performance.now()
    if (now - drawn < minRedrawMs) return
    drawn = now
    const share = total > 0 ? Math.min(1, done / total) : 0
    const bar = '█'.repeat(Math.round(share * width)).padEnd(width, '░')
    process.stderr.write(`\r${label} ${bar} ${Math.floor(share * 100)} % `)
  }
  return Object.assign(draw, { end: () => void (drawn > 0 && process.stderr.write('\r\u001b[K')) })
}
