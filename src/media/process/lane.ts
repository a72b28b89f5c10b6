import type { ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { type Bytes, CannotConvert, type PictureRequest } from '../../platform.ts'
import { limiter } from '../limiter.ts'
import { killRunning, spawnChild } from './child.ts'
import type { Answer } from './converter.ts'
import { frameOf, frameReader } from './frames.ts'
import type { Holder, MemoryBudget } from './memory-budget.ts'

export interface LaneOptions {
  /** The memory that all lanes share. */
  readonly memory: MemoryBudget
  /** How long the process is kept without work, milliseconds. Its memory becomes free only when it ends. */
  readonly idleMs: number
  /** If the process holds more than this after a picture, it is replaced before the next one, bytes. */
  readonly maxIdleBytes: number
}

/** The converter ended, or was stopped because of its memory. Pictures before this one may be the cause. */
class ConverterEnded extends CannotConvert {}

/** A picture to convert, and the memory that the process may take for it, bytes. */
export interface Work {
  readonly request: PictureRequest
  readonly picture: Bytes
  readonly maxBytes: number
}

interface Answered {
  readonly header: Answer
  readonly content: Bytes
}

const TIMEOUT_MS = 30_000
const WATCH_MS = 20
const WAITING = 64

/**
 * A converter's process. The first picture starts it, and so does the first picture after it has ended.
 * Pictures take turns. The process is stopped if a picture takes more memory than `maxBytes`. This works on
 * Linux; elsewhere only the estimate from the picture's header counts.
 */
export function pictureLane(command: readonly string[], { memory, idleMs, maxIdleBytes }: LaneOptions) {
  const inTurn = limiter(1, WAITING)
  let running: ChildProcess | undefined
  let made = 0
  let idle: ReturnType<typeof setTimeout> | undefined

  const holder: Holder = {
    stopIdle() {
      if (running !== undefined) killRunning(running)
      running = undefined
    },
  }

  const start = (): ChildProcess => {
    // By default glibc keeps the memory of each thread separate. With this, threads share two pools.
    const env = { ...process.env, MALLOC_ARENA_MAX: '2' }
    const child = spawnChild(command, { stdio: ['pipe', 'pipe', 'ignore'], env })
    made = 0
    child.on('exit', () => forget(child))
    return child
  }

  const forget = (child: ChildProcess): void => {
    if (running !== child) return
    running = undefined
    // While a picture is in work, `convert` releases the memory.
    if (!memory.isWorking(holder)) memory.release(holder, 0)
  }

  const stop = (child: ChildProcess): void => {
    killRunning(child)
    forget(child)
  }

  const convert = async ({ request, picture, maxBytes }: Work): Promise<Answered> => {
    clearTimeout(idle)
    await memory.reserve(holder, maxBytes)
    running ??= start()
    const child = running
    keepAlive(child, true)
    let keptBytes = 0
    try {
      const answered = await ask(child, request, picture, maxBytes)
      made++
      keptBytes = Math.max(1, await ownBytes(child))
      // Memory left from earlier pictures must not count as that of the next picture.
      if (keptBytes > maxIdleBytes) stop(child)
      return answered
    } catch (error) {
      stop(child)
      throw error
    } finally {
      memory.release(holder, running === child ? keptBytes : 0)
      keepAlive(child, false)
      idle = setTimeout(() => stop(child), idleMs)
      idle.unref()
    }
  }

  /**
   * A picture that a used process could not convert is given to a new one. The memory of the pictures before
   * it, or the end of that process, must not make it fail.
   */
  const convertFairly = async (work: Work): Promise<Answered> => {
    const isUsed = running !== undefined && made > 0
    try {
      return await convert(work)
    } catch (error) {
      if (!isUsed || !(error instanceof ConverterEnded)) throw error
      return convert(work)
    }
  }

  let entered = 0
  return {
    /** How many pictures are in this lane, including the one in work. */
    busy: () => entered,
    async convert(work: Work): Promise<Answered> {
      entered++
      try {
        return await inTurn(() => convertFairly(work))
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
  maxBytes: number,
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
      if ((await ownBytes(child)) > maxBytes)
        fail(new ConverterEnded('the picture takes too much memory to be converted here'))
    }, WATCH_MS)
    stdout?.on('data', read)
    for (const emitter of [child, stdin]) emitter?.on('error', onEnd)
    child.on('exit', onEnd)
    for (const part of frameOf(request, picture)) stdin?.write(part)
  })
}

const PAGE_BYTES = 4096

/**
 * The memory that only this process takes at present, bytes; 0 if the system does not tell. The pages of its
 * program are left out, because all processes of that program share them.
 */
async function ownBytes({ pid }: ChildProcess): Promise<number> {
  const told = await readFile(`/proc/${pid}/statm`, 'latin1').catch(() => '')
  const [, resident = 0, shared = 0] = told.split(' ').map(Number)
  return (resident - shared) * PAGE_BYTES
}
