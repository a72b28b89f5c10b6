import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { ffmpegAvailable, ffmpegVideos } from '../../src/media/ffmpeg.ts'
import { pictureSize } from '../../src/media/picture-size.ts'
import { sniff } from '../../src/media/sniff.ts'
import { type ByteStream, type Bytes, CannotConvert } from '../../src/platform.ts'
import { removeFolder, run, temporaryFolder } from '../support/process.ts'

const streamOf = (bytes: Bytes): ByteStream => new Blob([bytes]).stream() as ByteStream
const leftovers = (): string[] => readdirSync(tmpdir()).filter(name => name.startsWith('cohort-media-'))

// Where there is none, the test at the end is what can be said.
if (await ffmpegAvailable()) {
  describe('ffmpeg', () => {
    const folder = temporaryFolder()
    afterAll(() => removeFolder(folder))
    const before = leftovers()

    async function video(name: string, seconds: number, size: string): Promise<Bytes> {
      const path = join(folder, name)
      const source = `color=red:size=${size}:rate=10:duration=${seconds}`
      const { code, stderr } = await run([
        'ffmpeg',
        '-v',
        'error',
        '-y',
        '-f',
        'lavfi',
        '-i',
        source,
        '-c:v',
        'mpeg4',
        '-pix_fmt',
        'yuv420p',
        path,
      ])
      if (code !== 0) throw new Error(stderr)
      return new Uint8Array(readFileSync(path))
    }

    it.each([
      ['a.mp4', 2],
      ['a.mov', 2],
      ['short.mp4', 0.2],
    ])('makes a still of %s', async (name, seconds) => {
      const frame = await ffmpegVideos().frame(streamOf(await video(name, seconds, '320x240')))
      expect((await sniff(frame)).mime).toBe('image/jpeg')
      expect(pictureSize(frame)).toEqual({ width: 320, height: 240 })
    })

    it('makes stills no larger than 1280', async () => {
      const frame = await ffmpegVideos().frame(streamOf(await video('large.mp4', 1, '1920x1080')))
      expect(pictureSize(frame)).toEqual({ width: 1280, height: 720 })
    })

    it('refuses what is no video, broken or a playlist', async () => {
      const whole = await video('whole.mp4', 1, '320x240')
      const playlist = new TextEncoder().encode('#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n')
      const concat = new TextEncoder().encode("ffconcat version 1.0\nfile '/etc/hostname'\n")
      for (const bytes of [new Uint8Array(), playlist, concat, whole.slice(0, whole.length / 3)]) {
        await expect(ffmpegVideos().frame(streamOf(bytes))).rejects.toThrow(CannotConvert)
      }
    })

    it('passes a failing stream on', async () => {
      const failing = new ReadableStream({
        pull: controller => controller.error(new Error('the store is gone')),
      }) as ByteStream
      await expect(ffmpegVideos().frame(failing)).rejects.toThrow('the store is gone')
    })

    it('leaves no files behind', () => {
      expect(leftovers()).toEqual(before)
    })
  })
}

describe('without ffmpeg on the PATH', () => {
  it('makes every call say what is missing', async () => {
    // Another process, with an empty PATH and nothing asked yet.
    const script = `
      import { ffmpegVideos } from '${fileURLToPath(new URL('../../src/media/ffmpeg.ts', import.meta.url))}'
      const told = promise => promise.then(String, error => error.name + ': ' + error.message)
      console.log(await told(ffmpegVideos().frame(new Blob(['x']).stream())))`
    const bun = fileURLToPath(new URL('../../node_modules/.bin/bun', import.meta.url))
    const { stdout } = await run([bun, '-e', script], { PATH: '/nonexistent' })
    expect(stdout.trim().split('\n')).toEqual([
      'CannotConvert: covers of videos need ffmpeg, which is not installed on this server',
    ])
  })
})
