import { fileTypeFromBuffer } from 'file-type/core'

export type MediaFamily = 'image' | 'audio' | 'video' | 'other'

export interface Sniffed {
  /**
   * What the bytes are, never what somebody declared; `application/octet-stream` when they are nothing known
   * or could run as a page.
   */
  readonly mime: string
  readonly family: MediaFamily
  /** Whether a browser may show it in place. Everything else is sent as an attachment. */
  readonly inline: boolean
}

/** How many leading bytes decide; more are ignored. */
export const SNIFF_BYTES = 4100

const UNKNOWN: Sniffed = { mime: 'application/octet-stream', family: 'other', inline: false }

/** The only types shown in place, under the names browsers play them by. */
const SHOWN: ReadonlyMap<string, string> = new Map([
  ['image/jpeg', 'image/jpeg'],
  ['image/png', 'image/png'],
  ['image/apng', 'image/png'],
  ['image/gif', 'image/gif'],
  ['image/webp', 'image/webp'],
  ['image/avif', 'image/avif'],
  ['audio/amr', 'audio/amr'],
  ['audio/amr-wb', 'audio/amr-wb'],
  ['audio/mpeg', 'audio/mpeg'],
  ['audio/aac', 'audio/aac'],
  ['audio/mp4', 'audio/mp4'],
  ['audio/x-m4a', 'audio/mp4'],
  ['audio/ogg', 'audio/ogg'],
  ['audio/wav', 'audio/wav'],
  ['audio/flac', 'audio/flac'],
  ['video/mp4', 'video/mp4'],
  ['video/x-m4v', 'video/mp4'],
  ['video/webm', 'video/webm'],
  ['video/quicktime', 'video/quicktime'],
  ['video/3gpp', 'video/3gpp'],
  ['video/3gpp2', 'video/3gpp2'],
])

/**
 * Says what a file is by its first bytes (`SNIFF_BYTES` of them are enough). Containers that hold sound or
 * pictures alike (MP4, 3GP, WebM) count as video. Never throws.
 */
export async function sniff(bytes: Uint8Array): Promise<Sniffed> {
  const head = bytes.subarray(0, SNIFF_BYTES)
  const mime = byLead(head) ?? (await byFileType(head))
  if (!mime) return UNKNOWN
  const shown = SHOWN.get(mime)
  if (shown) return { mime: shown, family: familyOf(shown), inline: true }
  return /html|xml|svg|script/.test(mime) ? UNKNOWN : { mime, family: familyOf(mime), inline: false }
}

/** What file-type does not tell apart, or finds by skipping the lead: the leading bytes alone decide here. */
function byLead(head: Uint8Array): string | undefined {
  const lead = String.fromCharCode(...head.subarray(0, 64))
  if (lead.startsWith('#!AMR-WB\n')) return 'audio/amr-wb'
  if (lead.startsWith('#!AMR\n')) return 'audio/amr'
  if (lead.startsWith('ID3')) return 'audio/mpeg'
  // A picture whose first brand is the general one and that names AVIF among the others.
  if (/^ftyp(mif1|miaf|MA1[AB])/.test(lead.slice(4)) && lead.slice(16).includes('avif')) return 'image/avif'
  return undefined
}

async function byFileType(head: Uint8Array): Promise<string | undefined> {
  try {
    const found = await fileTypeFromBuffer(head)
    const mime = found?.mime.split(';', 1)[0]?.toLowerCase()
    return mime === 'audio/mpeg' && !startsMp3Frame(head) ? undefined : mime
  } catch {
    // A hostile header that breaks the detector is nothing known.
    return undefined
  }
}

/**
 * The mark of UTF-16 text passes for MPEG sound of another layer; of MP3 only layer III with a rate that
 * exists is believed.
 */
function startsMp3Frame(head: Uint8Array): boolean {
  const [, second = 0, third = 0] = head
  return (second & 0x06) === 0x02 && third >> 4 !== 15 && ((third >> 2) & 3) !== 3
}

function familyOf(mime: string): MediaFamily {
  const [family] = mime.split('/', 1)
  return family === 'image' || family === 'audio' || family === 'video' ? family : 'other'
}
