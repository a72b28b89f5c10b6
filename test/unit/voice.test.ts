import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { createMp3Encoder } from 'wasm-media-encoders'
import { ffmpegAvailable } from '../../src/media/ffmpeg.ts'
import { decodeAmr } from '../../src/media/voice/amr.ts'
import { openAmrCodec } from '../../src/media/voice/amr-codec.ts'
import { encodeMp3 } from '../../src/media/voice/mp3.ts'
import { decodeOpus } from '../../src/media/voice/opus.ts'
import { openOpusDecoder } from '../../src/media/voice/opus-codec.ts'
import { opusPackets } from '../../src/media/voice/opus-packets.ts'
import { threadedVoice } from '../../src/media/voice/worker-thread.ts'
import { type Bytes, CannotConvert } from '../../src/platform.ts'
import {
  amrFile,
  encodedTone,
  LOST,
  NO_DATA,
  noise,
  noiseFrame,
  SILENCE,
  SPEECH_BYTES,
  tone,
  WIDE_SILENCE,
  wideFile,
} from '../support/amr.ts'
import { ffmpegFile } from '../support/media-files.ts'
import { buildVoiceWorker } from '../support/media-runtimes.ts'
import { readMp3 } from '../support/mp3.ts'
import { removeFolder, temporaryFolder } from '../support/process.ts'

/** How alike two sounds are, from −1 to 1, at the best delay of up to 20 ms. */
function likeness(a: Float32Array, b: Float32Array, longestDelay: number): number {
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
  return Math.max(...Array.from({ length: longestDelay }, (_, delay) => at(delay)))
}

const A_SECOND = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=1']

const decode = (file: Uint8Array) => decodeAmr(file, openAmrCodec)
const loudest = async (file: Uint8Array) => Math.max(...(await decode(file)).samples)

describe('decodeAmr', () => {
  it.each([
    ['narrow-mode-7', 8000],
    ['narrow-mode-4', 8000],
    ['narrow-mode-0', 8000],
    ['wide-mode-8', 16_000],
    ['wide-mode-2', 16_000],
  ] as const)('gives back the tone that was encoded: %s', async (name, rate) => {
    const { samples, sampleRate } = await decode(encodedTone(name))
    expect([samples.length, sampleRate]).toEqual([rate, rate])
    expect(likeness(tone(440, 1, rate), samples, rate / 50)).toBeGreaterThan(0.9)
    expect(likeness(tone(700, 1, rate), samples, rate / 50)).toBeLessThan(0.2)
  })

  it('makes 20 ms of each frame, of every mode and of silence', async () => {
    for (const [mode] of SPEECH_BYTES.entries()) {
      expect((await decode(amrFile(...[1, 2, 3].map(seed => noiseFrame(mode, seed))))).samples).toHaveLength(
        3 * 160,
      )
    }
    expect(
      (await decode(amrFile(noiseFrame(7, 1), SILENCE, NO_DATA, NO_DATA, noiseFrame(0, 2)))).samples,
    ).toHaveLength(5 * 160)
    expect(
      (await decode(wideFile([0x04, ...new Array(17).fill(9)], WIDE_SILENCE, NO_DATA, LOST))).samples,
    ).toHaveLength(4 * 320)
  })

  it('hears nothing in nothing, and something in noise', async () => {
    expect(await loudest(amrFile(NO_DATA, NO_DATA))).toBeLessThan(0.001)
    expect(await loudest(noise(50))).toBeGreaterThan(0.03)
  })

  it('says the same each time: clips share nothing', async () => {
    const first = await decode(noise(20))
    await decode(amrFile(noiseFrame(0, 9), SILENCE))
    expect(await decode(noise(20))).toEqual(first)
  })

  it('plays a clip that is cut off or padded up to there', async () => {
    const whole = await decode(noise(10))
    expect((await decode(noise(11).slice(0, -3))).samples).toEqual(whole.samples)
    expect((await decode(new Uint8Array([...noise(10), ...new Uint8Array(500)]))).samples).toEqual(
      whole.samples,
    )
  })

  it('refuses clips of more than half an hour', async () => {
    const minutes = (count: number) => amrFile(new Array<number>(count * 60 * 50).fill(0x7c))
    await expect(decode(minutes(31))).rejects.toThrow(/longer than 30 minutes/)
    expect((await decode(minutes(1))).samples).toHaveLength(60 * 8000)
  })
})

describe('decodeOpus', async () => {
  const files: [string, Bytes][] = (await ffmpegAvailable())
    ? [
        ['WebM', await ffmpegFile('a.webm', [...A_SECOND, '-c:a', 'libopus'])],
        ['Ogg', await ffmpegFile('a.ogg', [...A_SECOND, '-c:a', 'libopus'])],
        ['WebM in stereo', await ffmpegFile('a.webm', [...A_SECOND, '-ac', '2', '-c:a', 'libopus'])],
        ['Matroska', await ffmpegFile('a.mka', [...A_SECOND, '-c:a', 'libopus'])],
      ]
    : []
  const clipOf = (file: Bytes) => opusPackets(file) ?? { channels: 1, preSkip: 0, packets: [] }

  it.each(files)('gives back the tone that was encoded: %s', async (_, file) => {
    const { samples, sampleRate } = await decodeOpus(clipOf(file), openOpusDecoder)
    expect(sampleRate).toBe(48_000)
    expect(Math.abs(samples.length / sampleRate - 1)).toBeLessThan(0.03)
    expect(likeness(tone(440, 0.9, 48_000), samples, 480)).toBeGreaterThan(0.9)
    expect(likeness(tone(700, 0.9, 48_000), samples, 480)).toBeLessThan(0.2)
  })

  it.each(files)('never throws but for a refusal, whatever the bytes: %s', async (_, file) => {
    for (let round = 1; round < 60; round++) {
      const faulty = file.slice(0, (file.length * round) / 60)
      for (let i = 0; i < 9; i++) faulty[(round * 7919 + i * 104_729) % faulty.length] = round * 31 + i
      const clip = opusPackets(faulty)
      const told = clip && (await decodeOpus(clip, openOpusDecoder).catch((error: unknown) => error))
      if (told instanceof Error) expect(told).toBeInstanceOf(CannotConvert)
    }
  })

  it('keeps a pause between frames as long as it was', async () => {
    for (const [name, file] of files) {
      const { packets, ...head } = clipOf(file)
      if (packets[0]?.at === undefined) continue
      const later = packets.map(({ bytes, at = 0 }, i) => ({ bytes, at: i < 25 ? at : at + 96_000 }))
      const { samples } = await decodeOpus({ ...head, packets: later }, openOpusDecoder)
      expect(Math.abs(samples.length / 48_000 - 3), name).toBeLessThan(0.06)
    }
  })

  it('leaves other sound alone', async () => {
    expect(opusPackets(new Uint8Array())).toBeUndefined()
    expect(opusPackets(encodedTone('narrow-mode-7'))).toBeUndefined()
  })
})

describe('encodeMp3', () => {
  it.each([8000, 16_000])('encodes %i samples a second, as long as they last', async sampleRate => {
    for (const seconds of [0.02, 0.1, 1, 2.34]) {
      const mp3 = readMp3(
        await encodeMp3({ samples: tone(300, seconds, sampleRate), sampleRate }, createMp3Encoder),
      )
      expect(mp3).toMatchObject({ sampleRate: 48_000, channels: 1 })
      expect(mp3.seconds).toBeCloseTo(seconds, 3)
    }
  })
})

describe('threadedVoice', () => {
  const folder = temporaryFolder()
  afterAll(() => removeFolder(folder))

  it('lets 64 clips wait and refuses the next at once', async () => {
    const voice = threadedVoice(await buildVoiceWorker(folder))
    const answers = await Promise.allSettled(
      Array.from({ length: 66 }, () => voice.toMp3(noise(2), 'audio/amr')),
    )
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
    await expect(voice.toMp3(noise(5), 'audio/amr')).rejects.toThrow(CannotConvert)
    copyFileSync(fileURLToPath(built), fileURLToPath(later))
    expect(readMp3(await voice.toMp3(noise(5), 'audio/amr')).sampleRate).toBe(48_000)
  })
})
