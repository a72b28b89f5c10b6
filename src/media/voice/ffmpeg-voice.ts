import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Bytes, CannotConvert } from '../../platform.ts'
import { convert, reading, store, withFfmpeg } from '../ffmpeg.ts'

/** The longest clip that is converted, in seconds. */
const MAX_SECONDS = 30 * 60
const MAX_BYTES = 64 * 1024 * 1024

/**
 * Converts sound to mono MP3 with the ffmpeg on the PATH. ffmpeg writes to a file, because at the end it goes
 * back and writes how many samples are only the encoder's. So the MP3 is as long as the sound. Throws
 * `NoConverter` if there is no ffmpeg, and `CannotConvert` if ffmpeg cannot read the sound.
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
