import type { WasmMediaEncoder } from 'wasm-media-encoders'
import type { Bytes } from '../../platform.ts'
import { joinBytes } from '../boxes.ts'
import { lengthTag } from './mp3-length.ts'

export type Mp3Encoder = WasmMediaEncoder<'audio/mpeg'>

/**
 * Opens a new encoder. Servers pass wasm-media-encoders' `createMp3Encoder`, which contains its WebAssembly
 * as text. Workers cannot compile at run time, so they pass a module to `inlineVoice` instead.
 */
export type OpenMp3Encoder = () => Promise<Mp3Encoder>

/** Mono sound. Samples are from −1 to 1. */
export interface Sound {
  readonly samples: Float32Array
  /** Samples a second. */
  readonly sampleRate: number
}

/** Kilobits per second, which is plenty for speech. It is constant, so that players can find a position. */
const BITRATE = 32

/**
 * Samples per second of the MP3, whatever the sound has: the encoder resamples. A player that does not know
 * the length tag also plays the samples that the encoder adds. They last 24 to 48 ms at this rate, but up to
 * 290 ms at the 8 kHz of AMR.
 */
const MP3_SAMPLE_RATE = 48_000

/** How many samples the encoder gets at once, so that it needs little memory. */
const BLOCK = 8192

/**
 * Encodes sound as mono MP3. The MP3 starts with a tag that tells how many samples are real. So it plays
 * exactly as long as the sound.
 */
export async function encodeMp3({ samples, sampleRate }: Sound, openEncoder: OpenMp3Encoder): Promise<Bytes> {
  const encoder = await openEncoder()
  encoder.configure({ sampleRate, channels: 1, bitrate: BITRATE, outputSampleRate: MP3_SAMPLE_RATE })
  const parts: Uint8Array[] = []
  for (let at = 0; at < samples.length; at += BLOCK) {
    // The encoder answers a view of its memory, which the next call overwrites.
    parts.push(encoder.encode([samples.subarray(at, at + BLOCK)]).slice())
  }
  parts.push(encoder.finalize().slice())
  const frames = joinBytes(parts)
  return joinBytes([lengthTag(frames, Math.round((samples.length / sampleRate) * MP3_SAMPLE_RATE)), frames])
}
