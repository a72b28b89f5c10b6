import { Worker } from 'node:worker_threads'
import { type Bytes, CannotConvert, type Voice } from '../../platform.ts'
import { limiter } from '../limiter.ts'

/** What the thread converts. */
export interface Clip {
  readonly sound: Bytes
  readonly contentType: string
}

/** The thread's answer for a clip: the MP3, or the sentence of a `CannotConvert`. */
export type VoiceAnswer = { readonly mp3: Bytes } | { readonly refused: string }

const TIMEOUT_MS = 60_000
const WAITING = 64

/**
 * Converts voice in one separate thread (Node.js, Bun, Deno). The first clip starts it, and so does the first
 * clip after it has died. Clips take turns: 64 may wait, and each has a minute. `url` is
 * src/entry/voice-worker.ts, or the file that the build makes of it.
 */
export function threadedVoice(url: URL): { toMp3: Voice['toMp3'] } {
  const inTurn = limiter(1, WAITING)
  let thread: Worker | undefined

  const convert = async (clip: Clip): Promise<Bytes> => {
    thread ??= new Worker(url)
    const worker = thread
    // Only a clip in work keeps the process running. An idle thread does not.
    worker.ref()
    try {
      const answer = await ask(worker, clip)
      worker.unref()
      if ('refused' in answer) throw new CannotConvert(answer.refused)
      return answer.mp3
    } catch (error) {
      if (error instanceof ThreadLost) {
        thread = undefined
        await worker.terminate()
        throw new CannotConvert(error.message, { cause: error.cause })
      }
      throw error
    }
  }

  return { toMp3: (sound, contentType) => inTurn(() => convert({ sound, contentType })) }
}

class ThreadLost extends Error {}

function ask(worker: Worker, clip: Clip): Promise<VoiceAnswer> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      clearTimeout(timer)
      worker.off('message', onMessage)
      worker.off('error', onError)
      worker.off('exit', onExit)
      end()
    }
    const onMessage = (answer: VoiceAnswer) => settle(() => resolve(answer))
    const onError = (cause: unknown) =>
      settle(() => reject(new ThreadLost('the voice clip could not be converted', { cause })))
    const onExit = () => settle(() => reject(new ThreadLost('the voice converter stopped; try again')))
    const onTimeout = () =>
      settle(() => reject(new ThreadLost('the voice clip took longer than a minute to convert')))
    const timer = setTimeout(onTimeout, TIMEOUT_MS)
    worker.on('message', onMessage)
    worker.on('error', onError)
    worker.on('exit', onExit)
    worker.postMessage(clip)
  })
}
