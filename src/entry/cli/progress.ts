const width = 30
/** The least time between two drawings of the bar, milliseconds. */
const minRedrawMs = 100

export interface Progress {
  /** `done` of `total` units are done. */
  (done: number, total: number): void
  /** Removes the bar from the screen. */
  end(): void
}

/** The time between two lines where there is no terminal, milliseconds. */
const lineEveryMs = 10_000

/** Draws a progress bar on stderr if that is a terminal. Otherwise prints a line every ten seconds. */
export function progressBar(label: string): Progress {
  if (process.stderr.isTTY !== true) return progressLines(label)
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

function progressLines(label: string): Progress {
  let printed = performance.now()
  const print = (done: number, total: number) => {
    if (performance.now() - printed < lineEveryMs) return
    printed = performance.now()
    process.stderr.write(`${label}: ${done} of ${total}\n`)
  }
  return Object.assign(print, { end() {} })
}
