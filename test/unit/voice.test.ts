import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { createMp3Encoder } from 'wasm-media-encoders'
import { decodeAmr, isWideBandAmr } from '../../src/media/voice/amr.ts'
import { encodeMp3 } from '../../src/media/voice/mp3.ts'
import { threadedVoice } from '../../src/media/voice/worker-thread.ts'
import { CannotConvert } from '../../src/platform.ts'
import {
  amrFile,
  encodeAmr,
  NO_DATA,
  noise,
  noiseFrame,
  SILENCE,
  SPEECH_BYTES,
  tone,
} from '../support/amr.ts'
import { buildVoiceWorker } from '../support/media-runtimes.ts'
import { readMp3 } from '../support/mp3.ts'
import { removeFolder, temporaryFolder } from '../support/process.ts'

/** How alike two sounds are, from −1 to 1, at the best delay of up to 20 ms. */
function likeness(a: Int16Array, b: Int16Array): number {
  const at = (delay: number): number => {
    let [product, powerA, powerB] = [0, 0, 0]
    for (let i = 0; i + delay < b.length && i < a.length; i++) {
      const [x, y] = [a[i] ?? 0, b[i + delay] ?? 0]
      product += x * y
      powerA += x * x
      powerB += y * y
    }
    return product / Math.sqrt(powerA * powerB)
  }
  return Math.max(...Array.from({ length: 160 }, (_, delay) => at(delay)))
}

describe('decodeAmr', () => {
  it.each([7, 4, 0])('gives back the tone that was encoded in mode %i', async mode => {
    const spoken = tone(440, 1)
    const heard = decodeAmr(await encodeAmr(spoken, mode))
    expect(heard).toHaveLength(8000)
    expect(likeness(spoken, heard)).toBeGreaterThan(0.9)
    expect(likeness(tone(700, 1), heard)).toBeLessThan(0.2)
  })

  it('makes 20 ms of each frame, of every mode and of silence', () => {
    for (const [mode] of SPEECH_BYTES.entries()) {
      expect(decodeAmr(amrFile(...[1, 2, 3].map(seed => noiseFrame(mode, seed))))).toHaveLength(3 * 160)
    }
    expect(decodeAmr(amrFile(noiseFrame(7, 1), SILENCE, NO_DATA, NO_DATA, noiseFrame(0, 2)))).toHaveLength(
      5 * 160,
    )
  })

  it('hears nothing in nothing, and something in noise', () => {
    expect(Math.max(...decodeAmr(amrFile(NO_DATA, NO_DATA)))).toBeLessThan(10)
    expect(Math.max(...decodeAmr(noise(50)))).toBeGreaterThan(1000)
  })

  it('says the same each time: clips share nothing', () => {
    const first = decodeAmr(noise(20))
    decodeAmr(amrFile(noiseFrame(0, 9), SILENCE))
    expect(decodeAmr(noise(20))).toEqual(first)
  })

  it('refuses clips of more than half an hour', () => {
    const minutes = (count: number) => amrFile(new Array<number>(count * 60 * 50).fill(0x7c))
    expect(() => decodeAmr(minutes(31))).toThrow(/longer than 30 minutes/)
    expect(decodeAmr(minutes(1))).toHaveLength(60 * 8000)
  })

  it('refuses wide-band AMR and names what would help', () => {
    const wide = new TextEncoder().encode('#!AMR-WB\n')
    expect([isWideBandAmr(wide), isWideBandAmr(noise(1))]).toEqual([true, false])
    expect(() => decodeAmr(wide)).toThrow(/wide-band.*ffmpeg/)
    expect(() => decodeAmr(wide)).toThrow(CannotConvert)
  })
})

describe('encodeMp3', () => {
  it.each([8000, 16_000])('encodes %i samples a second', async sampleRate => {
    const { seconds, ...rest } = readMp3(await encodeMp3(tone(300, 2), sampleRate, createMp3Encoder))
    expect(rest).toEqual({ sampleRate, channels: 1 })
    expect(Math.round(seconds)).toBe(16_000 / sampleRate)
  })

  it('encodes a clip shorter than a frame', async () => {
    expect(readMp3(await encodeMp3(new Int16Array(160), 8000, createMp3Encoder)).sampleRate).toBe(8000)
  })
})

describe('threadedVoice', () => {
  const folder = temporaryFolder()
  afterAll(() => removeFolder(folder))

  it('lets 64 clips wait and refuses the next at once', async () => {
    const voice = threadedVoice(await buildVoiceWorker(folder))
    const answers = await Promise.allSettled(Array.from({ length: 66 }, () => voice.toMp3(noise(2))))
    expect(answers.map(({ status }) => status)).toEqual([
      ...new Array<string>(65).fill('fulfilled'),
      'rejected',
    ])
    expect(answers[65]).toMatchObject({
      reason: new CannotConvert('too many files are being converted; try again in a moment'),
    })
  })

  it('starts another thread after one died', async () => {
    const built = await buildVoiceWorker(folder)
    const later = pathToFileURL(join(folder, 'later.mjs'))
    const voice = threadedVoice(later)
    await expect(voice.toMp3(noise(5))).rejects.toThrow(CannotConvert)
    copyFileSync(fileURLToPath(built), fileURLToPath(later))
    expect(readMp3(await voice.toMp3(noise(5))).sampleRate).toBe(8000)
  })

  it('leaves wide-band AMR to another', async () => {
    const voice = threadedVoice(new URL('file:///nowhere'), async amr => amr.slice(0, 5))
    expect(await voice.toMp3(new TextEncoder().encode('#!AMR-WB\n'))).toEqual(
      new TextEncoder().encode('#!AMR'),
    )
  })
})
