import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMp3Encoder } from 'wasm-media-encoders'
import { sniff } from '../../src/media/sniff.ts'
import { openAmrCodec } from '../../src/media/voice/amr-codec.ts'
import { voiceToMp3 } from '../../src/media/voice/convert.ts'
import { openOpusDecoder } from '../../src/media/voice/opus-codec.ts'
import { type Bytes, CannotConvert, type Voice } from '../../src/platform.ts'
import { amrFile, encodedTone, noise, noiseFrame } from '../support/amr.ts'
import { readMp3 } from '../support/mp3.ts'

interface Opened {
  readonly voice: Voice
  stop(): Promise<unknown>
}

/** What every `Voice` adapter does with AMR. */
export function voiceContract(name: string, open: () => Promise<Opened>): void {
  describe(`voice: ${name}`, () => {
    let opened: Opened
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened.stop())

    const toMp3 = (amr: Bytes) => opened.voice.toMp3(amr, 'audio/amr')

    it.each([
      ['narrow', () => encodedTone('narrow-mode-7')],
      ['wide', () => encodedTone('wide-mode-8')],
    ] as const)('makes an MP3 of the same length, of the %s band', async (_, clip) => {
      const mp3 = await toMp3(clip())
      expect(await sniff(mp3)).toEqual({ mime: 'audio/mpeg', family: 'audio', inline: true })
      const { seconds, ...rest } = readMp3(mp3)
      expect(rest).toEqual({ sampleRate: 48_000, channels: 1 })
      expect(seconds).toBeCloseTo(1, 3)
    })

    it('makes the same bytes as everywhere', async () => {
      const codecs = { openAmr: openAmrCodec, openOpus: openOpusDecoder, openMp3: createMp3Encoder }
      for (const amr of [noise(100), encodedTone('wide-mode-2')]) {
        expect(await toMp3(amr)).toEqual(await voiceToMp3(amr, 'audio/amr', codecs))
      }
    })

    it('takes several at once', async () => {
      const clips = await Promise.all([1, 2, 3, 4, 5].map(i => toMp3(noise(i * 50))))
      for (const [i, mp3] of clips.entries()) expect(readMp3(mp3).seconds).toBeCloseTo(i + 1, 3)
    })

    it.each([
      ['nothing', new Uint8Array(), /not an AMR/],
      ['text', new TextEncoder().encode('hello, this is no voice'), /not an AMR/],
      ['a header alone', amrFile(), /empty/],
      ['a frame of a reserved type', amrFile(noiseFrame(7, 1), [0x6c, 1, 2, 3]), /damaged at byte 38/],
      ['a frame cut off and nothing before it', noise(1).slice(0, -1), /empty/],
    ])('refuses %s with a sentence, and goes on working', async (_, amr, sentence) => {
      const failure = await toMp3(amr).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(CannotConvert)
      expect(String(failure)).toMatch(sentence)
      expect(readMp3(await toMp3(noise(10))).sampleRate).toBe(48_000)
    })
  })
}
