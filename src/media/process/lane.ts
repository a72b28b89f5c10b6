import type { ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { type Bytes, CannotConvert, type PictureRequest } from '../../platform.ts'
import { limiter } from '../limiter.ts'
import { killRunning, spawnChild } from './child.ts'
import type { Answer } from './converter.ts'
import { encodeFrame, frameReader } from './frames.ts'

export interface LaneLimits {
  /**
   * The process is stopped if it takes more memory than this, bytes. This works on Linux; elsewhere only the
   * estimate from the picture's header counts.
   */
  readonly maxRssBytes: number
  /** How long the process is kept without work, milliseconds. Its memory becomes free only when it ends. */
  readonly idleMs: number
}

/** The converter ended, or was stopped because of its memory. Pictures before this one may be the cause. */
class ConverterEnded extends CannotConvert {}

interface Answered {
  readonly header: Answer
  readonly content: Bytes
}

const TIMEOUT_MS = 30_000
const WATCH_MS = 20
/**
 * If the process holds more than this share of `maxRssBytes` after a picture, it is replaced before the next
 * one.
 */
const RESTART_SHARE = 0.65
const WAITING = 64

/**
 * A converter's process. The first picture starts it, and so does the first picture after it has ended.
 * Pictures take turns.
 */
export function pictureLane(command: readonly string[], { maxRssBytes, idleMs }: LaneLimits) {
  const inTurn = limiter(1, WAITING)
  let running: ChildProcess | undefined
  let made = 0
  let idle: ReturnType<typeof setTimeout> | undefined

  const start = (): ChildProcess => {
    // By default glibc keeps the memory of each thread separate. With this, threads share two pools.
    const env = { ...process.env, MALLOC_ARENA_MAX: '2' }
    const child = spawnChild(command, { stdio: ['pipe', 'pipe', 'ignore'], env })
    made = 0
    child.on('exit', () => {
      if (running === child) running = undefined
    })
    return child
  }

  const stop = (child: ChildProcess): void => {
    if (running === child) running = undefined
    killRunning(child)
  }

  const convert = async (request: PictureRequest, picture: Bytes): Promise<Answered> => {
    clearTimeout(idle)
    running ??= start()
    const child = running
    keepAlive(child, true)
    try {
      const answered = await ask(child, request, picture, maxRssBytes)
      made++
      // Memory left from earlier pictures must not count as that of the next picture.
      if ((await rssBytes(child)) > maxRssBytes * RESTART_SHARE) stop(child)
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

  /**
   * A picture that a used process could not convert is given to a new one. The memory of the pictures before
   * it, or the end of that process, must not make it fail.
   */
  const convertFairly = async (request: PictureRequest, picture: Bytes): Promise<Answered> => {
    const isUsed = running !== undefined && made > 0
    try {
      return await convert(request, picture)
    } catch (error) {
      if (!isUsed || !(error instanceof ConverterEnded)) throw error
      return convert(request, picture)
    }
  }

  let entered = 0
  return {
    /** How many pictures are in this lane, including the one in work. */
    busy: () => entered,
    async convert(request: PictureRequest, picture: Bytes): Promise<Answered> {
      entered++
      try {
        return await inTurn(() => convertFairly(request, picture))
      } finally {
        entered--
      }
    },
  }
}

/** Only a picture in work keeps the service's process running. An idle converter does not. */
function keepAlive(child: ChildProcess, alive: boolean): void {
  for (const handle of [child, child.stdin, child.stdout]) {
    // Streams of pipes also have `ref` and `unref`, though their types do not say so.
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
    const fail = (error: CannotConvert) => settle(() => reject(error))
    const onEnd = () => fail(new ConverterEnded('the picture could not be converted'))
    const read = frameReader(({ header, content }) =>
      settle(() => resolve({ header: header as Answer, content })),
    )
    const timer = setTimeout(
      () => fail(new CannotConvert('the picture took too long to convert')),
      TIMEOUT_MS,
    )
    const watch = setInterval(async () => {
      if ((await rssBytes(child)) > maxRssBytes)
        fail(new ConverterEnded('the picture takes too much memory to be converted here'))
    }, WATCH_MS)
    stdout?.on('data', read)
    for (const emitter of [child, stdin]) emitter?.on('error', onEnd)
    child.on('exit', onEnd)
    stdin?.write(encodeFrame(request, picture))
  })
}

const PAGE_BYTES = 4096

/** The memory that a process takes at present, bytes; 0 if the system does not tell. */
async function rssBytes({ pid }: ChildProcess): Promise<number> {
  const told = await readFile(`/proc/${pid}/statm`, 'latin1').catch(() => '')
  return Number(told.split(' ')[1] ?? 0) * PAGE_BYTES
}
