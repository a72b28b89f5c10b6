/**
 * The thread that `threadedVoice` starts: takes AMR clips one after the other and answers each with MP3, or
 * with why not.
 */
import { parentPort } from 'node:worker_threads'
import { createMp3Encoder } from 'wasm-media-encoders'
import { openAmrCodec } from '../media/voice/amr-codec.ts'
import { amrToMp3 } from '../media/voice/convert.ts'
import type { VoiceAnswer } from '../media/voice/worker-thread.ts'
import { CannotConvert } from '../platform.ts'

// Anything but a refusal ends the thread: its owner answers for it and starts another.
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
