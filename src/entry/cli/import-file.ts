import { readSync } from 'node:fs'
import type { Numbered } from '../../transfer/import-groups.ts'
import { BadLine, parseLine } from '../../transfer/lines.ts'

/** A place between two lines. */
export interface Position {
  /** Bytes from the start of the file. */
  readonly offset: number
  /** The number of the line that follows, from 1. */
  readonly line: number
}

export interface Batch {
  readonly lines: readonly Numbered[]
  /** Where the next batch begins. */
  readonly next: Position
}

const chunkSize = 1024 * 1024
const maxLineBytes = 1024 * 1024
/** A batch ends early when it has this many bytes. */
const maxBatchBytes = 8 * 1024 * 1024
const newline = 10

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Reads a file from a position on, at most `limit()` lines at a time. Throws `BadLine`. */
export function* batchesOf(file: number, from: Position, limit: () => number): Generator<Batch> {
  let { offset, line } = from
  let pending = Buffer.alloc(0)
  let ended = false
  for (;;) {
    const most = limit()
    let end = 0
    let count = 0
    while (count < most && end < maxBatchBytes) {
      const at = pending.indexOf(newline, end)
      if (at >= 0 || (ended && end < pending.length)) {
        end = at >= 0 ? at + 1 : pending.length
        count++
        continue
      }
      if (ended) break
      if (pending.length - end > maxLineBytes)
        throw new BadLine(line + count, `is longer than ${maxLineBytes} bytes`)
      const chunk = Buffer.alloc(chunkSize)
      const bytesRead = readSync(file, chunk, 0, chunkSize, offset + pending.length)
      ended = bytesRead === 0
      pending = Buffer.concat([pending, chunk.subarray(0, bytesRead)])
    }
    if (count === 0) return
    const next = { offset: offset + end, line: line + count }
    yield { lines: linesOf(pending.subarray(0, end), line), next }
    pending = pending.subarray(end)
    offset = next.offset
    line = next.line
  }
}

function linesOf(bytes: Buffer, first: number): Numbered[] {
  const lines: Numbered[] = []
  for (const [i, json] of textOf(bytes, first).split('\n').entries()) {
    if (json.trimStart() !== '') lines.push({ line: first + i, value: parseLine(json, first + i) })
  }
  return lines
}

function textOf(bytes: Buffer, first: number): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new BadLine(first + firstNotUtf8(bytes), 'is not UTF-8')
  }
}

/** The line of the first bytes that are not UTF-8, counted from 0. */
function firstNotUtf8(bytes: Buffer): number {
  let line = 0
  for (let start = 0; start < bytes.length; line++) {
    const at = bytes.indexOf(newline, start)
    const end = at < 0 ? bytes.length : at
    // Decoding turns invalid bytes into U+FFFD. Encoding U+FFFD again gives other bytes.
    if (!Buffer.from(bytes.toString('utf8', start, end)).equals(bytes.subarray(start, end))) return line
    start = end + 1
  }
  return line
}
