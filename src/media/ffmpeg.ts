import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bytes, CannotConvert, NoConverter } from '../platform.ts'
import { limiter } from './limiter.ts'
import { MAX_PIXELS } from './picture.ts'
import { killRunning, spawnChild } from './process/child.ts'

/*
 * The ffmpeg on the PATH. It reads files that anybody may have sent. So it is told the type of the file, may
 * open no other file, and has little time.
 */

const TIMEOUT_MS = 20_000
/**
 * A small file can be made that keeps a decoder busy for minutes. So ffmpeg ends itself after this many
 * seconds of processor time.
 */
const CPU_SECONDS = 10
const MAX_OUTPUT_BYTES = 32 * 1024 * 1024

/**
 * ffmpeg's demuxer for each content type. ffmpeg must not guess: it could take a text file for a playlist
 * that opens other files.
 */
const DEMUXERS: ReadonlyMap<string, string> = new Map([
  ['video/mp4', 'mov'],
  ['video/quicktime', 'mov'],
  ['video/3gpp', 'mov'],
  ['video/3gpp2', 'mov'],
  ['audio/mp4', 'mov'],
  ['audio/3gpp', 'mov'],
  ['video/webm', 'matroska'],
  ['video/matroska', 'matroska'],
  ['audio/webm', 'matroska'],
  ['audio/matroska', 'matroska'],
  ['video/vnd.avi', 'avi'],
  ['video/mp2t', 'mpegts'],
  ['video/mpeg', 'mpeg'],
  ['video/x-flv', 'flv'],
  ['video/x-ms-asf', 'asf'],
  ['audio/x-ms-asf', 'asf'],
  ['audio/ogg', 'ogg'],
  ['video/ogg', 'ogg'],
  ['audio/wav', 'wav'],
  ['audio/aac', 'aac'],
  ['audio/flac', 'flac'],
  ['image/jxl', 'jpegxl_pipe'],
])

/**
 * Two run at a time, so that a slow one does not hold up the others. More would take too much memory: a
 * decoder may take hundreds of megabytes.
 */
const inTurn = limiter(2, 32)

let available: Promise<boolean> | undefined

/** Whether there is an ffmpeg on the PATH (and Deno may run it). It is checked once. */
export function ffmpegAvailable(): Promise<boolean> {
  available ??= run('ffmpeg', ['-version']).then(
    () => true,
    () => false,
  )
  return available
}

/**
 * Runs `work` in its turn, with a temporary folder that is deleted afterwards. Throws `NoConverter` if there
 * is no ffmpeg. `what` is the beginning of that error's sentence.
 */
export function withFfmpeg<T>(what: string, work: (folder: string) => Promise<T>): Promise<T> {
  return inTurn(async () => {
    if (!(await ffmpegAvailable()))
      throw new NoConverter(`${what} ffmpeg, which is not installed on this server`)
    const folder = await mkdtemp(join(tmpdir(), 'cohort-media-'))
    try {
      return await work(folder)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
}

/** Writes the stream to a new file. Throws `CannotConvert` if it is longer than `maxBytes`. */
export async function store(
  path: string,
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<void> {
  let size = 0
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of stream) {
      size += chunk.length
      if (size > maxBytes) throw new CannotConvert('the file is too large to be converted')
      await file.writeFile(chunk)
    }
  } finally {
    await file.close()
  }
}

export interface Input {
  readonly path: string
  /** The content type of its bytes. */
  readonly contentType: string
}

/**
 * Options that make ffmpeg or ffprobe read this file and nothing else. Throws `CannotConvert` for other
 * types.
 */
export function reading({ path, contentType }: Input, options: readonly string[] = []): string[] {
  const demuxer = DEMUXERS.get(contentType)
  if (demuxer === undefined)
    throw new CannotConvert('the file is neither a video nor sound of a kind that ffmpeg here converts')
  const limits = [
    '-protocol_whitelist',
    'file',
    '-f',
    demuxer,
    '-max_pixels',
    String(MAX_PIXELS),
    '-threads',
    '1',
  ]
  return [...limits, ...options, '-i', `file:${path}`]
}

/** What ffmpeg writes to `pipe:1`. Throws `CannotConvert` if ffmpeg fails. */
export async function convert(input: readonly string[], output: readonly string[]): Promise<Bytes> {
  const quiet = ['-nostdin', '-hide_banner', '-loglevel', 'error', '-timelimit', String(CPU_SECONDS)]
  try {
    return await run('ffmpeg', [...quiet, ...input, '-threads', '1', ...output])
  } catch (cause) {
    throw new CannotConvert('the video or sound is broken, or of a kind that ffmpeg here does not convert', {
      cause,
    })
  }
}

/**
 * What a program writes to its standard output. Rejects if the program fails, takes longer than `TIMEOUT_MS`,
 * or writes too much. In the last two cases it is killed.
 */
export function run(program: 'ffmpeg' | 'ffprobe', args: readonly string[]): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    const child = spawnChild([program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    const timer = setTimeout(() => killRunning(child), TIMEOUT_MS)
    const output: Uint8Array[] = []
    let size = 0
    let complaint = ''
    child.stdout?.on('data', (chunk: Uint8Array) => {
      output.push(chunk)
      size += chunk.length
      if (size > MAX_OUTPUT_BYTES) killRunning(child)
    })
    child.stderr?.on('data', (chunk: Uint8Array) => {
      if (complaint.length < 2000) complaint += new TextDecoder().decode(chunk)
    })
    child.on('error', error => {
      clearTimeout(timer)
      reject(error)
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0 && size <= MAX_OUTPUT_BYTES) resolve(new Uint8Array(Buffer.concat(output)))
      else reject(new Error(`${program} ended with ${signal ?? code}: ${complaint}`))
    })
  })
}
