import { says } from '../boxes.ts'
import { type Element, elements, variableInt } from '../matroska.ts'

/** The frames of an Opus clip, as its container holds them (RFC 6716, 7845 and 9559). */
export interface OpusClip {
  readonly channels: number
  /** Samples at the start that are only the encoder's, and how many follow them where the container tells. */
  readonly preSkip: number
  readonly sampleCount?: number
  /** Frames in their order, and at which sample each is played where the container tells. */
  readonly packets: readonly { readonly bytes: Uint8Array; readonly at?: number }[]
}

const SAMPLES_PER_MS = 48

/** Reads an Ogg or WebM file of Opus. undefined if it is another kind of sound. */
export const opusPackets = (file: Uint8Array): OpusClip | undefined =>
  says(file, 0, 'OggS') ? oggPackets(file) : webmPackets(file)

/**
 * What the header of a stream tells: channels, and samples to skip. undefined if it is not Opus of one or two
 * channels.
 */
function readHead(head: Uint8Array | undefined): { channels: number; preSkip: number } | undefined {
  if (head === undefined || !says(head, 0, 'OpusHead') || head.length < 19) return undefined
  const channels = head[9] ?? 0
  // More channels, and other orders of them, come in a family other than 0. Voice has none of these.
  if (head[18] !== 0 || channels < 1 || channels > 2) return undefined
  return { channels, preSkip: (head[10] ?? 0) | ((head[11] ?? 0) << 8) }
}

function oggPackets(file: Uint8Array): OpusClip | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const packets: Uint8Array[] = []
  let parts: Uint8Array[] = []
  let lastSample = 0
  let at = 0
  while (at + 27 <= file.length && says(file, at, 'OggS')) {
    const count = file[at + 26] ?? 0
    const position = view.getUint32(at + 6, true) + view.getUint32(at + 10, true) * 2 ** 32
    if (position < Number.MAX_SAFE_INTEGER) lastSample = position
    let start = at + 27 + count
    for (const length of file.subarray(at + 27, at + 27 + count)) {
      parts.push(file.subarray(start, start + length))
      start += length
      if (length === 255) continue
      packets.push(
        parts.length === 1 && parts[0] ? parts[0] : new Uint8Array(parts.flatMap(part => [...part])),
      )
      parts = []
    }
    at = start
  }
  // The first packet is the header, and the second one has comments.
  const head = readHead(packets[0])
  if (head === undefined) return undefined
  const sound = packets.slice(2).map(bytes => ({ bytes }))
  return {
    ...head,
    packets: sound,
    ...(lastSample > head.preSkip && { sampleCount: lastSample - head.preSkip }),
  }
}

const SEGMENT = 0x18538067
const INFO = 0x1549a966
const TIMESTAMP_SCALE = 0x2ad7b1
const TRACKS = 0x1654ae6b
const TRACK_ENTRY = 0xae
const TRACK_NUMBER = 0xd7
const CODEC_PRIVATE = 0x63a2
const CLUSTER = 0x1f43b675
const TIMESTAMP = 0xe7
const SIMPLE_BLOCK = 0xa3
const BLOCK_GROUP = 0xa0
const BLOCK = 0xa1

function webmPackets(file: Uint8Array): OpusClip | undefined {
  const packets: { bytes: Uint8Array; at: number }[] = []
  let head: ReturnType<typeof readHead>
  let number = 0
  let msPerTick = 1
  for (const segment of elements(file, 0, file.length, SEGMENT))
    for (const part of elements(file, segment.start, segment.end)) {
      if (part.id === INFO)
        for (const scale of elements(file, part.start, part.end, TIMESTAMP_SCALE))
          msPerTick = unsigned(file, scale) / 1e6
      if (part.id === TRACKS)
        for (const track of elements(file, part.start, part.end, TRACK_ENTRY)) {
          const [private_] = elements(file, track.start, track.end, CODEC_PRIVATE)
          const found = private_ && readHead(file.subarray(private_.start, private_.end))
          const [id] = elements(file, track.start, track.end, TRACK_NUMBER)
          if (head !== undefined || found === undefined || id === undefined) continue
          head = found
          number = unsigned(file, id)
        }
      if (part.id !== CLUSTER) continue
      let clusterTime = 0
      for (const element of elements(file, part.start, part.end)) {
        if (element.id === TIMESTAMP) clusterTime = unsigned(file, element)
        const blocks =
          element.id === BLOCK_GROUP
            ? [...elements(file, element.start, element.end, BLOCK)]
            : element.id === SIMPLE_BLOCK
              ? [element]
              : []
        for (const { start, end } of blocks) {
          const track = variableInt(file, start, false)
          if (track === undefined || track.value !== number) continue
          const frame = start + track.length + 3
          const offset = (((file[frame - 3] ?? 0) << 24) >> 16) | (file[frame - 2] ?? 0)
          const at = Math.round((clusterTime + offset) * msPerTick * SAMPLES_PER_MS)
          packets.push({ bytes: file.subarray(frame, end), at })
        }
      }
    }
  return head && { ...head, packets }
}

function unsigned(file: Uint8Array, { start, end }: Element): number {
  let value = 0
  for (const byte of file.subarray(start, Math.min(end, start + 8))) value = value * 256 + byte
  return value
}
