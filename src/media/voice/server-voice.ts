import type { Voice } from '../../platform.ts'
import { isConvertedHere } from './convert.ts'
import { ffmpegToMp3 } from './ffmpeg-voice.ts'
import { threadedVoice } from './worker-thread.ts'

/**
 * Voice conversion on servers: AMR and Opus in a separate thread, everything else by ffmpeg if there is one.
 * `url` is src/entry/voice-worker.ts, or the file that the build makes of it.
 */
export function serverVoice(url: URL): Voice {
  const thread = threadedVoice(url)
  return {
    toMp3: (sound, contentType) =>
      isConvertedHere(sound, contentType)
        ? thread.toMp3(sound, contentType)
        : ffmpegToMp3(sound, contentType),
  }
}
