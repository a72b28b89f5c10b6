import { spawnSync } from 'node:child_process'

/*
 * What a target cannot do and why: the one table of it, and the only reason for which a case may be left out
 * or expects a refusal instead.
 */

export type Capability =
  /**
   * Upload URLs point at the service, which alone can promise that they work once, count every byte and
   * refuse a wrong kind at once.
   */
  | 'own upload URLs'
  /** Downloads are answered by the service and not by a redirect to the store. */
  | 'own downloads'
  | 'covers of videos'
  /** Conversions wait for their turn, and users and apps take turns. */
  | 'conversions in line'
  /** All requests are answered by one process, in which one caller can hold up others. */
  | 'one process'
  /** Requests that come before the earlier ones of their connection are answered. */
  | 'pipelined requests'
  /** `Instance.gc`. */
  | 'tidying up on demand'

const ffmpeg = spawnSync('ffmpeg', ['-version']).status === 0
const noFfmpeg = ffmpeg ? {} : { 'covers of videos': 'no ffmpeg on the PATH' }
const store = 'clients send bytes to the store and fetch them there: its rules are its own'

const lacks: Readonly<Record<string, Partial<Record<Capability, string>>>> = {
  node: noFfmpeg,
  deno: noFfmpeg,
  bun: { ...noFfmpeg, 'pipelined requests': 'of requests that come together Bun reads the first only' },
  worker: {
    'covers of videos': 'a Worker runs no ffmpeg',
    'conversions in line': 'a request of a Worker may not wait for another one',
    'pipelined requests': 'the proxy in front of Workers asks one by one',
    'one process': 'Cloudflare spreads requests over isolates; the one here is no measure of that',
    'tidying up on demand': 'a Worker tidies up when its cron trigger says so',
  },
  'node-s3-put': { ...noFfmpeg, 'own upload URLs': store, 'own downloads': store },
  'node-s3-post': { ...noFfmpeg, 'own upload URLs': store, 'own downloads': store },
  'node-s3-through': noFfmpeg,
}

/** Why the target lacks the capability; undefined if it has it. */
export const lacking = (target: string, capability: Capability): string | undefined =>
  lacks[target]?.[capability]
