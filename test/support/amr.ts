import { readFileSync } from 'node:fs'
import type { Bytes } from '../../src/platform.ts'

/** Bytes of a speech frame after its header byte, by mode 0–7. */
export const SPEECH_BYTES = [12, 13, 15, 17, 19, 20, 26, 31] as const

export const amrFile = (...frames: (readonly number[])[]): Bytes =>
  new Uint8Array([...new TextEncoder().encode('#!AMR\n'), ...frames.flat()])

/** As `amrFile`, of the wide band. */
export const wideFile = (...frames: (readonly number[])[]): Bytes =>
  new Uint8Array([...new TextEncoder().encode('#!AMR-WB\n'), ...frames.flat()])

/** A frame of a mode with pseudo-random content: it decodes to noise. */
export function noiseFrame(mode: number, seed: number): number[] {
  let state = seed * 2_654_435_761 + 1
  const content = Array.from({ length: SPEECH_BYTES[mode] ?? 0 }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return state >>> 24
  })
  return [(mode << 3) | 4, ...content]
}

/** Comfort noise, and nothing at all, each 20 ms. */
export const SILENCE = [0x44, 0, 0, 0, 0, 0]
export const NO_DATA = [0x7c]

/** Comfort noise of the wide band, and speech that was lost on the way, each 20 ms. */
export const WIDE_SILENCE = [0x4c, 0, 0, 0, 0, 0]
export const LOST = [0x74]

export function noise(frames: number): Bytes {
  return amrFile(...Array.from({ length: frames }, (_, i) => noiseFrame(7, i)))
}

/** A tone as samples, a quarter as loud as can be. */
export function tone(hertz: number, seconds: number, sampleRate = 8000): Float32Array {
  return Float32Array.from(
    { length: seconds * sampleRate },
    (_, i) => 0.25 * Math.sin((2 * Math.PI * hertz * i) / sampleRate),
  )
}

/** A second of `tone(440, 1)`, as opencore-amr and vo-amrwbenc encode it. */
export const encodedTone = (
  name: 'narrow-mode-7' | 'narrow-mode-4' | 'narrow-mode-0' | 'wide-mode-2' | 'wide-mode-8',
): Bytes => new Uint8Array(readFileSync(new URL(`../fixtures/voice/${name}.amr`, import.meta.url)))
