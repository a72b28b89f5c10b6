import type { Voice } from '../../platform.ts'
import { ffmpegToMp3 } from './ffmpeg-voice.ts'
import { threadedVoice } from './worker-thread.ts'

/**
 * Voice conversion on servers: AMR in a separate thread, everything else by ffmpeg if there is one. `url` is
 * src/entry/voice-worker.ts, or the file that the build makes of it.
 */
export function serverVoice(url: URL): Voice {
  const amr = threadedVoice(url)
  return {
    toMp3: (sound, contentType) =>
      contentType.startsWith('audio/amr') ? amr.toMp3(sound) : ffmpegToMp3(sound, contentType),
  }
}
