import { CannotConvert } from '../../platform.ts'
import type { Sound } from './mp3.ts'
import type { OpenOpusDecoder } from './opus-codec.ts'
import type { OpusClip } from './opus-packets.ts'

const SAMPLE_RATE = 48_000
const MAX_SAMPLES = 30 * 60 * SAMPLE_RATE

/** A pause in the stamps of frames that is longer than this is silence that was not recorded, samples. */
const MIN_PAUSE = SAMPLE_RATE / 20

/** Frames of Opus are at most this long, samples. */
const MAX_FRAME = 5760

/** A frame of this many bytes fits into the decoder. Voice has some hundred. */
const MAX_FRAME_BYTES = 3840

/** A clip plays on where this many frames are broken. */
const MAX_BROKEN = 10

/**
 * Decodes Opus to mono sound. A pause in the recording stays as long as it was. Throws `CannotConvert` for a
 * clip longer than half an hour, and for one without sound.
 */
export async function decodeOpus(clip: OpusClip, openDecoder: OpenOpusDecoder): Promise<Sound> {
  const { channels, preSkip, sampleCount, packets } = clip
  const decoder = await openDecoder(channels)
  try {
    const pieces: { readonly at: number; readonly samples: Float32Array }[] = []
    let end = 0
    let broken = 0
    for (const { bytes, at } of packets) {
      if (bytes.length === 0) continue
      if (bytes.length > MAX_FRAME_BYTES || broken > MAX_BROKEN)
        throw new CannotConvert('the voice clip is broken')
      const { channelData, samplesDecoded } = decoder.decodeFrame(bytes)
      if (samplesDecoded === 0) broken++
      if (at !== undefined && at + preSkip > end + MIN_PAUSE) end = at + preSkip
      if (end + MAX_FRAME > MAX_SAMPLES) throw new CannotConvert('the voice clip is longer than 30 minutes')
      pieces.push({ at: end, samples: mono(channelData, samplesDecoded) })
      end += samplesDecoded
    }
    const whole = new Float32Array(end)
    for (const { at, samples } of pieces) whole.set(samples, at)
    const samples = whole.subarray(
      preSkip,
      sampleCount === undefined ? end : Math.min(end, preSkip + sampleCount),
    )
    if (samples.length === 0) throw new CannotConvert('the voice clip is empty')
    return { samples, sampleRate: SAMPLE_RATE }
  } finally {
    decoder.free()
  }
}

function mono([left, right]: readonly Float32Array[], length: number): Float32Array {
  if (left === undefined) return new Float32Array(length)
  if (right === undefined) return left.slice(0, length)
  return Float32Array.from({ length }, (_, i) => ((left[i] ?? 0) + (right[i] ?? 0)) / 2)
}
