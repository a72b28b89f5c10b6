import type { Bytes } from '../../platform.ts'

/** Samples in a frame of MPEG 1. */
const SAMPLES_PER_FRAME = 1152

/** Samples of silence that LAME puts before the sound. Every decoder adds 529 more, and players know this. */
const ENCODER_DELAY = 576

/** The tag begins after a frame's header and the side information of a mono frame, bytes. */
const TAG = 4 + 17

const HAS_FRAMES_AND_BYTES = 3

/**
 * A first frame that holds LAME's "Info" tag instead of sound. It tells how many frames follow, and how many
 * samples at both ends are only the encoder's. Without it, players add up to 0.2 s of silence. `frames` are
 * of MPEG 1 layer III, mono, with one bitrate. Layout: http://gabriel.mp3-tech.org/mp3infotag.html
 */
export function lengthTag(frames: Bytes, sampleCount: number): Bytes {
  const offsets = frameOffsets(frames)
  const frame = new Uint8Array(offsets[1] ?? frames.length)
  const view = new DataView(frame.buffer)
  frame.set(frames.subarray(0, 4))
  frame.set(new TextEncoder().encode('Info'), TAG)
  view.setUint32(TAG + 4, HAS_FRAMES_AND_BYTES)
  view.setUint32(TAG + 8, offsets.length)
  view.setUint32(TAG + 12, frame.length + frames.length)
  frame.set(new TextEncoder().encode('LAME3.100'), TAG + 16)
  const padding = Math.max(0, offsets.length * SAMPLES_PER_FRAME - ENCODER_DELAY - sampleCount)
  const delays = TAG + 16 + 21
  view.setUint8(delays, ENCODER_DELAY >> 4)
  view.setUint16(delays + 1, ((ENCODER_DELAY & 15) << 12) | Math.min(padding, 0xfff))
  return frame
}

/** Bitrates (kbit/s) and sample rates (Hz), by their numbers in a frame's header. */
const BITRATES = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
const SAMPLE_RATES = [44_100, 48_000, 32_000]

function frameOffsets(frames: Uint8Array): number[] {
  const offsets: number[] = []
  for (let at = 0; at + 4 <= frames.length; ) {
    const rates = frames[at + 2] ?? 0
    const bitrate = BITRATES[rates >> 4] ?? 0
    const sampleRate = SAMPLE_RATES[(rates >> 2) & 3]
    if (sampleRate === undefined || bitrate === 0) throw new Error('the encoder wrote no MPEG 1 frame')
    offsets.push(at)
    at += Math.floor((SAMPLES_PER_FRAME / 8) * ((bitrate * 1000) / sampleRate)) + ((rates >> 1) & 1)
  }
  return offsets
}
