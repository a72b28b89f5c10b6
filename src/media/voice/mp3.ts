import type { WasmMediaEncoder } from 'wasm-media-encoders'
import type { Bytes } from '../../platform.ts'

export type Mp3Encoder = WasmMediaEncoder<'audio/mpeg'>

/**
 * A new encoder. Servers give wasm-media-encoders' `createMp3Encoder`, which carries its WebAssembly as text;
 * Workers may not compile at run time and give `inlineVoice` a module instead.
 */
export type OpenMp3Encoder = () => Promise<Mp3Encoder>

/** Kilobits a second, constant, so that players know the length: plenty for speech of 8 kHz. */
const BITRATE = 24

/** Samples handed to the encoder at once, so that it needs little memory. */
const BLOCK = 8192

/**
 * Mono MP3 of the samples. `sampleRate` is one that MP3 knows: 8000 (MPEG 2.5) or 16000 (MPEG 2) for speech.
 */
export async function encodeMp3(
  samples: Int16Array,
  sampleRate: number,
  openEncoder: OpenMp3Encoder,
): Promise<Bytes> {
  const encoder = await openEncoder()
  encoder.configure({ sampleRate, channels: 1, bitrate: BITRATE })
  const parts: Uint8Array[] = []
  const block = new Float32Array(BLOCK)
  for (let at = 0; at < samples.length; at += BLOCK) {
    const count = Math.min(BLOCK, samples.length - at)
    for (let i = 0; i < count; i++) block[i] = (samples[at + i] ?? 0) / 32768
    // The encoder answers with a view of its memory, which the next call overwrites.
    parts.push(encoder.encode([block.subarray(0, count)]).slice())
  }
  parts.push(encoder.finalize().slice())
  return concat(parts)
}

function concat(parts: Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
