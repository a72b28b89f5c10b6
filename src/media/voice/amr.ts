import { CannotConvert } from '../../platform.ts'
import type { OpenAmrCodec } from './amr-codec.ts'
import type { Sound } from './mp3.ts'

/** Longer clips are refused: half an hour of wide band is 115 MB of samples. */
const MAX_MINUTES = 30
const FRAMES_PER_MINUTE = 60 * 50

/** The differences between the two kinds of AMR (RFC 4867, section 5). Every frame is 20 ms. */
interface Band {
  readonly header: string
  readonly sampleRate: number
  /**
   * By frame type, the number of bytes after the header byte. The types are the speech modes, comfort noise,
   * types that do not occur in files (−1), and "no data".
   */
  readonly frameBytes: readonly number[]
  readonly wide: boolean
}

const NARROW_BAND: Band = {
  header: '#!AMR\n',
  sampleRate: 8000,
  frameBytes: [12, 13, 15, 17, 19, 20, 26, 31, 5, -1, -1, -1, -1, -1, -1, 0],
  wide: false,
}
const WIDE_BAND: Band = {
  header: '#!AMR-WB\n',
  sampleRate: 16_000,
  frameBytes: [17, 23, 32, 36, 40, 46, 50, 58, 60, 5, -1, -1, -1, -1, 0, 0],
  wide: true,
}
const LARGEST_FRAME = 61

/**
 * Decodes an AMR file, narrow or wide band. Every frame takes 20 ms, silent ones too. A clip that is padded
 * or cut off in its last frame plays up to that point. Throws `CannotConvert` for a clip longer than half an
 * hour, and for bytes that are not AMR.
 */
export async function decodeAmr(file: Uint8Array, openCodec: OpenAmrCodec): Promise<Sound> {
  const band = [WIDE_BAND, NARROW_BAND].find(({ header }) => startsWith(file, header))
  if (band === undefined)
    throw new CannotConvert('the file is not an AMR voice clip: it does not start with "#!AMR"')
  const frames = findFrames(file, band)
  const codec = await openCodec()
  const decoder = band.wide ? codec._amr_wb_create() : codec._amr_nb_create()
  const input = codec._malloc(LARGEST_FRAME)
  const samplesPerFrame = band.sampleRate / 50
  const samples = new Float32Array(frames.length * samplesPerFrame)
  for (const [i, frame] of frames.entries()) {
    codec.HEAPU8.set(frame, input)
    const count = band.wide
      ? codec._amr_wb_decode(decoder, input, frame.length)
      : codec._amr_nb_decode(decoder, input, frame.length)
    const start =
      (band.wide ? codec._amr_wb_output() : codec._amr_nb_output()) / Float32Array.BYTES_PER_ELEMENT
    samples.set(codec.HEAPF32.subarray(start, start + Math.min(count, samplesPerFrame)), i * samplesPerFrame)
  }
  return { samples, sampleRate: band.sampleRate }
}

/**
 * Finds the frames, each with its header byte. All are checked before the first is decoded, because the codec
 * would silently skip damaged ones.
 */
function findFrames(file: Uint8Array, { header, frameBytes }: Band): Uint8Array[] {
  const frames: Uint8Array[] = []
  for (let at = header.length; at < file.length; ) {
    const type = ((file[at] ?? 0) >> 3) & 15
    const length = frameBytes[type] ?? -1
    const isCut = length >= 0 && at + 1 + length > file.length
    if (isCut || isPadding(file.subarray(at))) break
    if (length < 0) throw new CannotConvert(`the AMR voice clip is damaged at byte ${at}`)
    frames.push(file.subarray(at, at + 1 + length))
    if (frames.length > MAX_MINUTES * FRAMES_PER_MINUTE)
      throw new CannotConvert(`the AMR voice clip is longer than ${MAX_MINUTES} minutes`)
    at += 1 + length
  }
  if (frames.length === 0) throw new CannotConvert('the AMR voice clip is empty')
  return frames
}

/**
 * Whether the rest of the file is zeros, which some recorders add. Decoded as frames, they would be noise.
 */
function isPadding(rest: Uint8Array): boolean {
  return rest[0] === 0 && rest.every(byte => byte === 0)
}

function startsWith(file: Uint8Array, text: string): boolean {
  return file.length >= text.length && String.fromCharCode(...file.subarray(0, text.length)) === text
}
