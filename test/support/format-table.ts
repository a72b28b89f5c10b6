import { readFileSync } from 'node:fs'

/** A row of the table in docs/media.md: a format, and what the service does with a file of it. */
export interface FormatRow {
  readonly format: string
  readonly contentType: string
  readonly isShown: boolean
  readonly thumbnail: Where
  readonly cover: Where
  readonly mp3: Where | 'is one'
}

/** On which homes. The servers are Node.js, Deno and the binary. */
export type Where = 'every home' | 'servers' | 'servers with ffmpeg' | 'no'

const HEADING = '| File | content type | shown | thumbnail | cover | `format=mp3` |'

export function formatTable(): FormatRow[] {
  const lines = readFileSync(new URL('../../docs/media.md', import.meta.url), 'utf8').split('\n')
  const start = lines.indexOf(HEADING)
  if (start < 0) throw new Error('docs/media.md has no table of formats')
  const end = lines.findIndex((line, i) => i > start && !line.startsWith('|'))
  return lines.slice(start + 2, end).map(line => {
    const [format = '', contentType = '', shown, thumbnail, cover, mp3] = line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim().replaceAll('`', ''))
    const isShown = shown === 'yes'
    return { format, contentType, isShown, thumbnail: where(thumbnail), cover: where(cover), mp3: sound(mp3) }
  })
}

const sound = (cell: string | undefined) => (cell === 'is one' ? cell : where(cell))

function where(cell: string | undefined): Where {
  if (cell === 'every home' || cell === 'servers' || cell === 'servers with ffmpeg' || cell === 'no')
    return cell
  throw new Error(`docs/media.md says "${cell}" in its table of formats`)
}

/** Whether it works on this home, with or without ffmpeg. */
export const worksOn = (home: string, ffmpeg: boolean, place: Where): boolean =>
  place === 'every home' ||
  (home !== 'worker' && (place === 'servers' || (place === 'servers with ffmpeg' && ffmpeg)))
