import type { Voice } from '../../platform.ts'
import { ffmpegToMp3 } from './ffmpeg-voice.ts'
import { threadedVoice } from './worker-thread.ts'

/**
 * Voice on servers: AMR in a thread of its own, everything else by ffmpeg where there is one. `url` is
 * src/entry/voice-worker.ts, or what the build made of it.
 */
export function serverVoice(url: URL): Voice {
  const amr = threadedVoice(url)
  return {
    toMp3: (sound, contentType) =>
      contentType.startsWith('audio/amr') ? amr.toMp3(sound) : ffmpegToMp3(sound, contentType),
  }
}
