import { expect } from 'vitest'
import { callers } from './client.ts'
import type { Instance } from './target.ts'

/** How a bystander fared. */
export interface Fared {
  /** 99th percentile of how long its requests took. */
  readonly p99Ms: number
  /** Its slowest request. */
  readonly slowestMs: number
  readonly requests: number
}

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
/** Between two requests of the bystander. */
const pauseMs = 20

/** Runs requests of somebody who has nothing to do with it, one after the other, until `until` resolves. */
async function fare(request: () => Promise<unknown>, until: Promise<unknown>): Promise<Fared> {
  const took: number[] = []
  let over = false
  const ended = until.finally(() => {
    over = true
  })
  ended.catch(() => undefined)
  while (!over) {
    const started = performance.now()
    await request()
    took.push(performance.now() - started)
    // Slow enough for the rate limit of one user, however long the attack lasts.
    await pause(pauseMs)
  }
  await ended
  took.sort((a, b) => a - b)
  return {
    p99Ms: took[Math.ceil(took.length * 0.99) - 1] ?? 0,
    slowestMs: took.at(-1) ?? 0,
    requests: took.length,
  }
}

/** Bytes of memory that the service says it has; undefined where it does not say (Workers). */
async function memoryOf(instance: Instance): Promise<number | undefined> {
  const { headers } = await callers(instance).admin()
  const text = await (await fetch(new URL('/metrics', instance.url), { headers })).text()
  const [, bytes] = /^process_resident_memory_bytes (\S+)$/m.exec(text) ?? []
  return bytes === undefined ? undefined : Number(bytes)
}

/** How much longer a bystander may wait beside an attack than alone, besides the noise of a busy machine. */
const timesLonger = 10
const noiseMs = 400

/**
 * Runs an attack with a bystander beside it, and holds what the bystander feels, and the memory of the
 * service, to bounds relative to a quiet run of the same bystander. The bounds are wide, since other work
 * shares the machine of the tests: an attack that works holds up others for seconds.
 */
export async function besideAttack(
  instance: Instance,
  request: () => Promise<unknown>,
  attack: () => Promise<unknown>,
  moreMemory = 300 * 1024 * 1024,
): Promise<Fared> {
  const quiet = await fare(request, pause(300))
  const before = await memoryOf(instance)
  const beside = await fare(request, attack())
  const after = await memoryOf(instance)
  expect(beside.p99Ms, `p99 beside the attack, ms (alone: ${quiet.p99Ms})`).toBeLessThan(
    timesLonger * quiet.p99Ms + noiseMs,
  )
  if (before !== undefined && after !== undefined)
    expect(after - before, 'memory that the attack took').toBeLessThan(moreMemory)
  return beside
}
