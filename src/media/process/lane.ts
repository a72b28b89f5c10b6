import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { type Bytes, CannotConvert, type PictureRequest } from '../../platform.ts'
import { limiter } from '../limiter.ts'
import type { Answer } from './converter.ts'
import { encodeFrame, frameReader } from './frames.ts'

export interface LaneLimits {
  /** Memory of the process beyond which it is stopped (Linux; elsewhere what headers say has to do). */
  readonly maxRssBytes: number
  /** How long it is kept without work: its memory is free only when it ends. */
  readonly idleMs: number
}

interface Answered {
  readonly header: Answer
  readonly content: Bytes
}

const TIMEOUT_MS = 30_000
const WATCH_MS = 20
/** Share of the memory at which a process is replaced before the next picture. */
const WORN = 0.65
const WAITING = 64

/** A converter's process, started by the first picture and again after it ended. Pictures take turns. */
export function pictureLane(command: readonly string[], { maxRssBytes, idleMs }: LaneLimits) {
  const inTurn = limiter(1, WAITING)
  let running: ChildProcess | undefined
  let idle: ReturnType<typeof setTimeout> | undefined

  const start = (): ChildProcess => {
    const [program = '', ...args] = command
    // glibc keeps the memory of each thread for itself, unless it is told to share.
    const env = { ...process.env, MALLOC_ARENA_MAX: '2' }
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'], env })
    child.on('exit', () => {
      if (running === child) running = undefined
    })
    return child
  }

  const stop = (child: ChildProcess): void => {
    if (running === child) running = undefined
    child.kill('SIGKILL')
  }

  const convert = async (request: PictureRequest, picture: Bytes): Promise<Answered> => {
    clearTimeout(idle)
    running ??= start()
    const child = running
    keepAlive(child, true)
    try {
      const answered = await ask(child, request, picture, maxRssBytes)
      // What earlier pictures left behind must not be taken for what the next one takes.
      if ((await rssBytes(child)) > maxRssBytes * WORN) stop(child)
      return answered
    } catch (error) {
      stop(child)
      throw error
    } finally {
      keepAlive(child, false)
      idle = setTimeout(() => stop(child), idleMs)
      idle.unref()
    }
  }

  let entered = 0
  return {
    /** How many pictures are in it, the one in work among them. */
    busy: () => entered,
    async convert(request: PictureRequest, picture: Bytes): Promise<Answered> {
      entered++
      try {
        return await inTurn(() => convert(request, picture))
      } finally {
        entered--
      }
    },
  }
}

/** Only a picture in work keeps the service's process alive, not an idle converter. */
function keepAlive(child: ChildProcess, alive: boolean): void {
  for (const handle of [child, child.stdin, child.stdout]) {
    // Streams of pipes can be told so, too, though their types do not say it.
    const { ref, unref } = (handle ?? {}) as { ref?(): void; unref?(): void }
    ;(alive ? ref : unref)?.call(handle)
  }
}

function ask(
  child: ChildProcess,
  request: PictureRequest,
  picture: Bytes,
  maxRssBytes: number,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const { stdin, stdout } = child
    const settle = (end: () => void) => {
      clearTimeout(timer)
      clearInterval(watch)
      stdout?.off('data', read)
      for (const emitter of [child, stdin]) emitter?.off('error', onEnd)
      child.off('exit', onEnd)
      end()
    }
    const refuse = (sentence: string) => settle(() => reject(new CannotConvert(sentence)))
    const onEnd = () => refuse('the picture could not be converted')
    const read = frameReader(({ header, content }) =>
      settle(() => resolve({ header: header as Answer, content })),
    )
    const timer = setTimeout(() => refuse('the picture took too long to convert'), TIMEOUT_MS)
    const watch = setInterval(async () => {
      if ((await rssBytes(child)) > maxRssBytes)
        refuse('the picture takes too much memory to be converted here')
    }, WATCH_MS)
    stdout?.on('data', read)
    for (const emitter of [child, stdin]) emitter?.on('error', onEnd)
    child.on('exit', onEnd)
    stdin?.write(encodeFrame(request, picture))
  })
}

const PAGE_BYTES = 4096

/** The memory that a process has at the moment; 0 where the system does not say. */
async function rssBytes({ pid }: ChildProcess): Promise<number> {
  const told = await readFile(`/proc/${pid}/statm`, 'latin1').catch(() => '')
  return Number(told.split(' ')[1] ?? 0) * PAGE_BYTES
}
