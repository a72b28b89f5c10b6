import { boxes, says } from './boxes.ts'
import { elements } from './matroska.ts'

/** What a container holds, as far as its first bytes tell: only sound, pictures as well, or unknown. */
export type Tracks = 'sound' | 'pictures' | 'unknown'

const tracksOf = (kinds: readonly ('sound' | 'pictures')[]): Tracks =>
  kinds.includes('pictures') ? 'pictures' : kinds.includes('sound') ? 'sound' : 'unknown'

/**
 * The tracks of an MP4, 3GP or QuickTime file. Many programs write the table of contents at the end; then the
 * tracks are unknown.
 */
export function isoTracks(head: Uint8Array): Tracks {
  const kinds: ('sound' | 'pictures')[] = []
  for (const movie of boxes(head, 0, head.length, 'moov'))
    for (const track of boxes(head, movie.start, movie.end, 'trak'))
      for (const media of boxes(head, track.start, track.end, 'mdia'))
        for (const { start } of boxes(head, media.start, media.end, 'hdlr')) {
          if (says(head, start + 8, 'soun')) kinds.push('sound')
          if (says(head, start + 8, 'vide')) kinds.push('pictures')
        }
  return tracksOf(kinds)
}

const SEGMENT = 0x18538067
const TRACKS = 0x1654ae6b
const TRACK_ENTRY = 0xae
const TRACK_TYPE = 0x83

/** The tracks of a WebM or Matroska file (RFC 8794 and 9559). */
export function matroskaTracks(head: Uint8Array): Tracks {
  const kinds: ('sound' | 'pictures')[] = []
  for (const segment of elements(head, 0, head.length, SEGMENT))
    for (const tracks of elements(head, segment.start, segment.end, TRACKS))
      for (const track of elements(head, tracks.start, tracks.end, TRACK_ENTRY))
        for (const { start } of elements(head, track.start, track.end, TRACK_TYPE)) {
          if (head[start] === 1) kinds.push('pictures')
          if (head[start] === 2) kinds.push('sound')
        }
  return tracksOf(kinds)
}
