import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { amrModuleOfInstalledPackage } from '../../scripts/generate-amr.ts'
import type { AmrNb } from '../../src/media/voice/amrnb.gen.js'
import type { Bytes } from '../../src/platform.ts'
import { removeFolder, temporaryFolder } from './process.ts'

/** Bytes of a speech frame after its header byte, by mode 0–7. */
export const SPEECH_BYTES = [12, 13, 15, 17, 19, 20, 26, 31] as const
const SAMPLES_PER_FRAME = 160

export const amrFile = (...frames: (readonly number[])[]): Bytes =>
  new Uint8Array([...new TextEncoder().encode('#!AMR\n'), ...frames.flat()])

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

export function noise(frames: number): Bytes {
  return amrFile(...Array.from({ length: frames }, (_, i) => noiseFrame(7, i)))
}

/** A tone as samples of 8 kHz. */
export function tone(hertz: number, seconds: number): Int16Array {
  return Int16Array.from({ length: seconds * 8000 }, (_, i) =>
    Math.round(8000 * Math.sin((2 * Math.PI * hertz * i) / 8000)),
  )
}

interface AmrEncoder extends AmrNb {
  openEncoder(withSilence: 0 | 1): number
  encode(encoder: number, mode: number, samples: number, frame: number, forced: 0 | 1): number
}

/** Encodes with the encoder that the decoder's package has too, and that Cohort leaves out. */
export async function encodeAmr(samples: Int16Array, mode: number): Promise<Bytes> {
  const folder = temporaryFolder()
  try {
    const file = join(folder, 'amr.mjs')
    writeFileSync(file, amrModuleOfInstalledPackage(true))
    const { openAmrNb } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
      openAmrNb(): AmrEncoder
    }
    const codec = openAmrNb()
    const encoder = codec.openEncoder(0)
    const input = codec.malloc(SAMPLES_PER_FRAME * 2)
    const output = codec.malloc(32)
    const frames: number[][] = []
    for (let at = 0; at + SAMPLES_PER_FRAME <= samples.length; at += SAMPLES_PER_FRAME) {
      new Int16Array(codec.buffer, input, SAMPLES_PER_FRAME).set(samples.subarray(at, at + SAMPLES_PER_FRAME))
      const length = codec.encode(encoder, mode, input, output, 0)
      frames.push([...new Uint8Array(codec.buffer, output, length)])
    }
    return amrFile(...frames)
  } finally {
    await removeFolder(folder)
  }
}
