const width = 30
/** How often the bar is drawn, milliseconds. */
const interval = 100

export interface Progress {
  /** So much is done of so much; any unit. */
  (done: number, total: number): void
  /** Wipes the bar away. */
  end(): void
}

/** A progress bar on stderr where that is a terminal, else nothing. */
export function progressBar(label: string): Progress {
  if (process.stderr.isTTY !== true) return Object.assign(() => {}, { end() {} })
  let drawn = 0
  const draw = (done: number, total: number) => {
    const now = performance.now()
    if (now - drawn < interval) return
    drawn = now
    const share = total > 0 ? Math.min(1, done / total) : 0
    const bar = '█'.repeat(Math.round(share * width)).padEnd(width, '░')
    process.stderr.write(`\r${label} ${bar} ${Math.floor(share * 100)} % `)
  }
  return Object.assign(draw, { end: () => void (drawn > 0 && process.stderr.write('\r\u001b[K')) })
}
