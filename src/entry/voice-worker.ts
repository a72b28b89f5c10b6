/**
 * The thread that `threadedVoice` starts. It receives clips one after the other and answers each with an
 * MP3, or with the reason for a refusal.
 */
import { parentPort } from 'node:worker_threads'
import { createMp3Encoder } from 'wasm-media-encoders'
import { openAmrCodec } from '../media/voice/amr-codec.ts'
import { voiceToMp3 } from '../media/voice/convert.ts'
import { openOpusDecoder } from '../media/voice/opus-codec.ts'
import type { Clip, VoiceAnswer } from '../media/voice/worker-thread.ts'
import { CannotConvert } from '../platform.ts'

// Any error other than a refusal ends the thread. Its owner then answers the caller and starts another
// thread.
parentPort?.on('message', async (clip: Clip) => {
  parentPort?.postMessage(await answer(clip))
})

const codecs = { openAmr: openAmrCodec, openOpus: openOpusDecoder, openMp3: createMp3Encoder }

async function answer({ sound, contentType }: Clip): Promise<VoiceAnswer> {
  try {
    return { mp3: await voiceToMp3(sound, contentType, codecs) }
  } catch (error) {
    if (error instanceof CannotConvert) return { refused: error.message }
    throw error
  }
}
