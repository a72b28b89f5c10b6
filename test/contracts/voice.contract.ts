import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMp3Encoder } from 'wasm-media-encoders'
import { sniff } from '../../src/media/sniff.ts'
import { amrToMp3 } from '../../src/media/voice/convert.ts'
import { CannotConvert, type Voice } from '../../src/platform.ts'
import { amrFile, encodeAmr, noise, noiseFrame, tone } from '../support/amr.ts'
import { readMp3 } from '../support/mp3.ts'

interface Opened {
  readonly voice: Voice
  stop(): Promise<unknown>
}

/** What every `Voice` adapter does with narrow-band AMR. */
export function voiceContract(name: string, open: () => Promise<Opened>): void {
  describe(`voice: ${name}`, () => {
    let opened: Opened
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened.stop())

    it('makes an MP3 of the same length', async () => {
      const mp3 = await opened.voice.toMp3(await encodeAmr(tone(440, 3), 7))
      expect(await sniff(mp3)).toEqual({ mime: 'audio/mpeg', family: 'audio', inline: true })
      const { seconds, ...rest } = readMp3(mp3)
      expect(rest).toEqual({ sampleRate: 8000, channels: 1 })
      // The encoder starts with a pause and ends on a whole frame.
      expect(seconds).toBeGreaterThanOrEqual(3)
      expect(seconds).toBeLessThan(3.3)
    })

    it('makes the same bytes as everywhere', async () => {
      const amr = noise(100)
      expect(await opened.voice.toMp3(amr)).toEqual(await amrToMp3(amr, createMp3Encoder))
    })

    it('takes several at once', async () => {
      const clips = await Promise.all([1, 2, 3, 4, 5].map(i => opened.voice.toMp3(noise(i * 50))))
      for (const [i, mp3] of clips.entries()) expect(Math.floor(readMp3(mp3).seconds)).toBe(i + 1)
    })

    it.each([
      ['nothing', new Uint8Array(), /not an AMR/],
      ['text', new TextEncoder().encode('hello, this is no voice'), /not an AMR/],
      ['a header alone', amrFile(), /empty/],
      ['a frame of a reserved type', amrFile(noiseFrame(7, 1), [0x6c, 1, 2, 3]), /damaged at byte 38/],
      ['a frame cut off', noise(3).slice(0, -1), /cut off/],
    ])('refuses %s with a sentence, and goes on working', async (_, amr, sentence) => {
      const failure = await opened.voice.toMp3(amr).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(CannotConvert)
      expect(String(failure)).toMatch(sentence)
      expect(readMp3(await opened.voice.toMp3(noise(10))).sampleRate).toBe(8000)
    })
  })
}
