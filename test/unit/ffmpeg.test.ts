import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ffmpegAvailable } from '../../src/media/ffmpeg.ts'
import { ffmpegVideos } from '../../src/media/ffmpeg-videos.ts'
import { pictureSize } from '../../src/media/picture-size.ts'
import { sniff } from '../../src/media/sniff.ts'
import { ffmpegToMp3 } from '../../src/media/voice/ffmpeg-voice.ts'
import { type ByteStream, type Bytes, CannotConvert } from '../../src/platform.ts'
import { ffmpegFile, film, SOUND } from '../support/media-files.ts'
import { readMp3 } from '../support/mp3.ts'
import { distance, look } from '../support/pictures.ts'
import { run } from '../support/process.ts'

const streamOf = (bytes: Bytes): ByteStream => new Blob([bytes]).stream() as ByteStream
const leftovers = (): string[] => readdirSync(tmpdir()).filter(name => name.startsWith('cohort-media-'))
const frame = (video: Bytes, contentType = 'video/mp4') => ffmpegVideos().frame(streamOf(video), contentType)

// Where there is none, the test at the end is what can be said.
if (await ffmpegAvailable()) {
  describe('stills by ffmpeg', () => {
    const before = leftovers()

    it.each([
      ['a.mp4', 2],
      ['a.mov', 2],
      ['a.mkv', 1],
      ['a.webm', 1],
      ['a.avi', 1],
      ['a.ts', 1],
      ['a.flv', 1],
      ['a.wmv', 1],
      ['a.mpg', 1],
      ['a.3gp', 1],
      ['short.mp4', 0.2],
    ])('are made of %s', async (name, seconds) => {
      const rate = name === 'a.mpg' ? ['-r', '25'] : []
      const video = await ffmpegFile(name, [...film(seconds, '352x288'), '-pix_fmt', 'yuv420p', ...rate])
      const still = await frame(video, (await sniff(video)).mime)
      expect(pictureSize(still)).toEqual({ width: 352, height: 288 })
      expect(distance((await look(still)).at(100, 100), [200, 50, 50, 255])).toBeLessThan(8)
    })

    it('are no larger than 1280, and wide where the pixels are', async () => {
      const large = await ffmpegFile('large.mp4', film(1, '1920x1080'))
      expect(pictureSize(await frame(large))).toEqual({ width: 1280, height: 720 })
      const anamorphic = await ffmpegFile('wide.mp4', [...film(1, '720x576'), '-vf', 'setsar=64/45'])
      expect(pictureSize(await frame(anamorphic))).toEqual({ width: 1024, height: 576 })
    })

    it.each(['smpte2084', 'arib-std-b67'])('of a film in %s are no paler than the film', async transfer => {
      const colours = ['-color_trc', transfer, '-color_primaries', 'bt2020', '-colorspace', 'bt2020nc']
      const white = transfer === 'smpte2084' ? '0x949494' : '0xbfbfbf'
      const video = await ffmpegFile('hdr.mp4', [
        ...['-f', 'lavfi', '-i', `color=${white}:size=320x240:rate=10:duration=1`],
        ...['-vf', 'scale=out_color_matrix=bt2020,format=yuv420p10', '-c:v', 'libx265', ...colours],
      ])
      const [brightness] = (await look(await frame(video))).at(100, 100)
      // White of an ordinary screen, which PQ and HLG keep low so that there is room for lights.
      expect(brightness).toBeGreaterThan(180)
    })

    it('are refused of what is no video, broken or a playlist', async () => {
      const whole = await ffmpegFile('whole.mp4', film(1, '320x240'))
      const playlist = new TextEncoder().encode('#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n')
      const concat = new TextEncoder().encode("ffconcat version 1.0\nfile '/etc/hostname'\n")
      for (const bytes of [new Uint8Array(), playlist, concat, whole.slice(0, whole.length / 3)]) {
        await expect(frame(bytes)).rejects.toThrow(CannotConvert)
      }
      await expect(frame(playlist, 'application/octet-stream')).rejects.toThrow(CannotConvert)
    })

    it('pass a failing stream on', async () => {
      const failing = new ReadableStream({
        pull: controller => controller.error(new Error('the store is gone')),
      }) as ByteStream
      await expect(ffmpegVideos().frame(failing, 'video/mp4')).rejects.toThrow('the store is gone')
    })

    it('leave no files behind', () => {
      expect(leftovers()).toEqual(before)
    })
  })

  describe('voice by ffmpeg', () => {
    it.each([
      ['voice.webm', ['-c:a', 'libopus']],
      ['voice.mp4', ['-c:a', 'aac']],
      ['voice.m4a', ['-c:a', 'aac']],
      ['voice.ogg', ['-c:a', 'libopus']],
      ['voice.3gp', ['-ar', '8000', '-ac', '1', '-c:a', 'aac']],
      ['voice.wav', []],
      ['voice.aac', []],
      ['voice.flac', []],
      ['voice.mka', []],
    ])('is MP3 of %s, as long as it was', async (name, options) => {
      const sound = await ffmpegFile(name, [...SOUND, ...options])
      const { mime, asVoice } = await sniff(sound)
      const mp3 = await ffmpegToMp3(sound, asVoice ?? mime)
      expect(Math.abs(readMp3(mp3).seconds - 2)).toBeLessThan(0.06)
    })

    it('is refused of what is no sound', async () => {
      const silent = await ffmpegFile('silent.mp4', film(1, '320x240'))
      for (const bytes of [new Uint8Array(), new Uint8Array(300), silent]) {
        await expect(ffmpegToMp3(bytes, 'audio/mp4')).rejects.toThrow(CannotConvert)
      }
    })
  })
}

describe('without ffmpeg on the PATH', () => {
  it('makes every call say what is missing', async () => {
    // Another process, with an empty PATH and nothing asked yet.
    const source = (name: string) => fileURLToPath(new URL(`../../src/media/${name}`, import.meta.url))
    const script = `
      import { ffmpegVideos } from '${source('ffmpeg-videos.ts')}'
      import { ffmpegToMp3 } from '${source('voice/ffmpeg-voice.ts')}'
      const told = promise => promise.then(String, error => error.constructor.name + ': ' + error.message)
      console.log(await told(ffmpegVideos().frame(new Blob(['x']).stream(), 'video/mp4')))
      console.log(await told(ffmpegToMp3(new Uint8Array(9), 'audio/webm')))`
    const bun = fileURLToPath(new URL('../../node_modules/.bin/bun', import.meta.url))
    const { stdout } = await run([bun, '-e', script], { PATH: '/nonexistent' })
    expect(stdout.trim().split('\n')).toEqual([
      'NoConverter: covers of videos need ffmpeg, which is not installed on this server',
      'NoConverter: voice of this kind needs ffmpeg, which is not installed on this server',
    ])
  })
})
