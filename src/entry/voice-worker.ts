/**
 * The thread that `threadedVoice` starts. It receives AMR clips one after the other and answers each with an
 * MP3, or with the reason for a refusal.
 */
import { parentPort } from 'node:worker_threads'
import { createMp3Encoder } from 'wasm-media-encoders'
import { openAmrCodec } from '../media/voice/amr-codec.ts'
import { amrToMp3 } from '../media/voice/convert.ts'
import type { VoiceAnswer } from '../media/voice/worker-thread.ts'
import { CannotConvert } from '../platform.ts'

// Any error other than a refusal ends the thread. Its owner then answers the caller and starts another
// thread.
parentPort?.on('message', async (amr: Uint8Array) => {
  parentPort?.postMessage(await answer(amr))
})

async function answer(amr: Uint8Array): Promise<VoiceAnswer> {
  try {
    return { mp3: await amrToMp3(amr, { openAmr: openAmrCodec, openMp3: createMp3Encoder }) }
  } catch (error) {
    if (error instanceof CannotConvert) return { refused: error.message }
    throw error
  }
}
