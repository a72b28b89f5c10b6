/*
 * Cuts the text of a dump (`wrangler d1 export`, SQLite's `.dump`) into its statements while it is read.
 * Dumps contain strings, quoted names and comments of one line. They would contain triggers only if Cohort
 * had some.
 */

export interface SqlStatement {
  readonly text: string
  /** The line in which it begins, counted from 1. */
  readonly line: number
}

const interesting = /['"`;]|--/g

/**
 * The statements, without their semicolons. Holds one statement and one chunk in memory. An unfinished
 * statement at the end counts too.
 */
export async function* sqlStatements(chunks: AsyncIterable<string>): AsyncGenerator<SqlStatement> {
  let text = ''
  let line = 1
  /**
   * `at`: how far `text` has been read. `until`: what ends the string, name or comment there; '' outside of
   * them.
   */
  let at = 0
  let until = ''

  const take = (end: number): SqlStatement | undefined => {
    const taken = text.slice(0, end)
    const body = taken.trimStart()
    const start = line + newlines(taken) - newlines(body)
    line += newlines(taken)
    return body.trim() === '' ? undefined : { text: body, line: start }
  }

  for await (const chunk of chunks) {
    text += chunk
    // The last character may be the first half of `--`, so it waits for the next chunk.
    while (at < text.length - 1) {
      if (until !== '') {
        const end = text.indexOf(until, at)
        if (end < 0) {
          at = text.length
          break
        }
        at = end + 1
        until = ''
        continue
      }
      interesting.lastIndex = at
      const [found] = interesting.exec(text) ?? []
      if (found === undefined) {
        at = text.length - 1
      } else if (found === ';') {
        const statement = take(interesting.lastIndex - 1)
        text = text.slice(interesting.lastIndex)
        at = 0
        if (statement !== undefined) yield statement
      } else {
        at = interesting.lastIndex
        until = found === '--' ? '\n' : found
      }
    }
  }
  const rest = text.endsWith(';') && until === '' ? take(text.length - 1) : take(text.length)
  if (rest !== undefined) yield rest
}

function newlines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++
  return count
}
