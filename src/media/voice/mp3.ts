import type { WasmMediaEncoder } from 'wasm-media-encoders'
import type { Bytes } from '../../platform.ts'
import { joinBytes } from '../boxes.ts'
import { lengthTag } from './mp3-length.ts'

export type Mp3Encoder = WasmMediaEncoder<'audio/mpeg'>

/**
 * A new encoder. Servers give wasm-media-encoders' `createMp3Encoder`, which carries its WebAssembly as
 * text; Workers may not compile at run time and give `inlineVoice` a module instead.
 */
export type OpenMp3Encoder = () => Promise<Mp3Encoder>

/** Mono sound. Samples are from −1 to 1. */
export interface Sound {
  readonly samples: Float32Array
  /** Samples a second. */
  readonly sampleRate: number
}

/** Kilobits a second, constant, so that players know where they are: plenty for speech. */
const BITRATE = 32

/**
 * Samples a second of the MP3, whatever the sound has; the encoder resamples. A player that knows nothing of
 * the length tag plays the encoder's own samples too: 24 to 48 ms at this rate, but up to 290 ms at the 8
 * kHz of AMR.
 */
const MP3_SAMPLE_RATE = 48_000

/** Samples handed to the encoder at once, so that it needs little memory. */
const BLOCK = 8192

/**
 * Mono MP3 of the sound. It starts with a tag that says how many samples are real, so that it plays exactly
 * as long as the sound.
 */
export async function encodeMp3({ samples, sampleRate }: Sound, openEncoder: OpenMp3Encoder): Promise<Bytes> {
  const encoder = await openEncoder()
  encoder.configure({ sampleRate, channels: 1, bitrate: BITRATE, outputSampleRate: MP3_SAMPLE_RATE })
  const parts: Uint8Array[] = []
  for (let at = 0; at < samples.length; at += BLOCK) {
    // The encoder answers with a view of its memory, which the next call overwrites.
    parts.push(encoder.encode([samples.subarray(at, at + BLOCK)]).slice())
  }
  parts.push(encoder.finalize().slice())
  const frames = joinBytes(parts)
  return joinBytes([lengthTag(frames, Math.round((samples.length / sampleRate) * MP3_SAMPLE_RATE)), frames])
}
