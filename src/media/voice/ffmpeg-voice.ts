import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Bytes, CannotConvert } from '../../platform.ts'
import { convert, reading, store, withFfmpeg } from '../ffmpeg.ts'

/** Longest clip of sound that is converted, in seconds. */
const MAX_SECONDS = 30 * 60
const MAX_BYTES = 64 * 1024 * 1024

/**
 * Sound as MP3 by the ffmpeg on the PATH, mono, as long as it was: ffmpeg goes back in the file it writes and says there
 * what of it is only the encoder's. Throws `NoConverter` without an ffmpeg, `CannotConvert` for what it cannot read.
 */
export function ffmpegToMp3(sound: Bytes, contentType: string): Promise<Bytes> {
  return withFfmpeg('voice of this kind needs', async folder => {
    const [path, made] = [join(folder, 'voice'), join(folder, 'voice.mp3')]
    await store(path, new Blob([sound]).stream(), MAX_BYTES)
    const mp3 = [
      '-c:a',
      'libmp3lame',
      '-b:a',
      '48k',
      '-ar',
      '48000',
      '-ac',
      '1',
      '-id3v2_version',
      '0',
      '-f',
      'mp3',
    ]
    const tidy = ['-map_metadata', '-1', '-fs', String(MAX_BYTES), `file:${made}`]
    await convert(reading({ path, contentType }), [
      '-map',
      '0:a:0',
      '-t',
      String(MAX_SECONDS),
      ...mp3,
      ...tidy,
    ])
    if ((await stat(made)).size === 0) throw new CannotConvert('the voice clip is empty')
    return new Uint8Array(await readFile(made))
  })
}
