import { says } from './boxes.ts'
import { familyOf, isShown, type MediaFamily } from './media-types.ts'
import { isoTracks, matroskaTracks, type Tracks } from './tracks.ts'

export interface Sniffed {
  /**
   * The content type of the bytes, never what somebody declared. It is `application/octet-stream` if the type
   * is unknown, or if a browser could run the bytes as a page.
   */
  readonly mime: string
  readonly family: MediaFamily
  /** Whether a browser may show it in place. Any other file is sent as an attachment. */
  readonly inline: boolean
  /**
   * The content type if the file was sent as voice. It is set where the first bytes do not tell whether the
   * file has pictures.
   */
  readonly asVoice?: string
}

/** How many bytes from the start are looked at. */
export const SNIFF_BYTES = 4100

const UNKNOWN: Sniffed = { mime: 'application/octet-stream', family: 'other', inline: false }

/** The names that clients know, by the names that file-type gives. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['image/apng', 'image/png'],
  ['image/heif', 'image/heic'],
  ['image/heic-sequence', 'image/heic'],
  ['image/heif-sequence', 'image/heic'],
  ['image/icns', 'application/octet-stream'],
  ['audio/x-m4a', 'audio/mp4'],
  ['video/x-m4v', 'video/mp4'],
  ['video/mp1s', 'video/mpeg'],
  ['video/mp2p', 'video/mpeg'],
])

/**
 * Containers that may hold sound only or pictures as well: the content type for sound only, and the function
 * that reads the tracks.
 */
const CONTAINERS: ReadonlyMap<string, { sound: string; tracks(head: Uint8Array): Tracks }> = new Map([
  ['video/mp4', { sound: 'audio/mp4', tracks: isoTracks }],
  ['video/quicktime', { sound: 'audio/mp4', tracks: isoTracks }],
  ['video/3gpp', { sound: 'audio/3gpp', tracks: isoTracks }],
  ['video/3gpp2', { sound: 'audio/3gpp', tracks: isoTracks }],
  ['video/webm', { sound: 'audio/webm', tracks: matroskaTracks }],
  ['video/matroska', { sound: 'audio/matroska', tracks: matroskaTracks }],
])

/** Detects the type of a file by its first `SNIFF_BYTES` bytes. Never throws. */
export async function sniff(bytes: Uint8Array): Promise<Sniffed> {
  const head = bytes.subarray(0, SNIFF_BYTES)
  const found = byLead(head) ?? (await byFileType(head)) ?? byLooseLead(head)
  if (!found || /html|xml|svg|script/.test(found)) return UNKNOWN
  const mime = NAMES.get(found) ?? found
  const container = CONTAINERS.get(mime)
  const tracks = container?.tracks(head)
  if (container && tracks === 'sound') return sniffed(container.sound)
  return container && tracks === 'unknown' ? { ...sniffed(mime), asVoice: container.sound } : sniffed(mime)
}

const sniffed = (mime: string): Sniffed => ({ mime, family: familyOf(mime), inline: isShown(mime) })

/**
 * Types that file-type does not distinguish, or finds only by skipping the first bytes. Here the first bytes
 * alone decide.
 */
function byLead(head: Uint8Array): string | undefined {
  if (says(head, 0, '#!AMR-WB\n')) return 'audio/amr-wb'
  if (says(head, 0, '#!AMR\n')) return 'audio/amr'
  if (says(head, 0, 'ID3')) return 'audio/mpeg'
  // The first brand is a general one. The other brands tell how the picture is compressed.
  if (says(head, 4, 'ftypmif1') || says(head, 4, 'ftypmiaf') || says(head, 4, 'ftypMA1')) {
    const brands = new TextDecoder('latin1').decode(head.subarray(16, 64))
    return brands.includes('avif') ? 'image/avif' : 'image/heic'
  }
  return undefined
}

/** Types that file-type does not know, or finds only if their directory is within the first bytes. */
function byLooseLead(head: Uint8Array): string | undefined {
  if (says(head, 0, 'II*\0') || says(head, 0, 'MM\0*')) return 'image/tiff'
  if (says(head, 0, '\0\0\x01\0') && head[4] !== 0 && head[5] === 0 && head[9] === 0) return 'image/x-icon'
  return undefined
}

async function byFileType(head: Uint8Array): Promise<string | undefined> {
  // Loaded with the first file, because a cold start pays for all that it loads.
  const { fileTypeFromBuffer } = await import('file-type/core')
  try {
    const found = await fileTypeFromBuffer(head)
    const mime = found?.mime.split(';', 1)[0]?.toLowerCase()
    return mime === 'audio/mpeg' && !startsMp3Frame(head) ? undefined : mime
  } catch {
    // A hostile header that makes the detector fail counts as an unknown type.
    return undefined
  }
}

/**
 * The byte order mark of UTF-16 text looks like the start of an MPEG frame of another layer. So only layer
 * III with a valid bitrate and sample rate counts as MP3.
 */
function startsMp3Frame(head: Uint8Array): boolean {
  const [, second = 0, third = 0] = head
  return (second & 0x06) === 0x02 && third >> 4 !== 15 && ((third >> 2) & 3) !== 3
}
