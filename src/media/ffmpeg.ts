import { spawn } from 'node:child_process'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ByteStream, type Bytes, CannotConvert, type Videos } from '../platform.ts'
import { limiter } from './limiter.ts'
import { MAX_PIXELS } from './picture.ts'
import { SNIFF_BYTES, sniff } from './sniff.ts'

const TIMEOUT_MS = 20_000
const MAX_VIDEO_BYTES = 512 * 1024 * 1024
const MAX_OUTPUT_BYTES = 32 * 1024 * 1024

/**
 * The demuxer for what a video's bytes are: ffmpeg must not guess, or a text file becomes a playlist that
 * opens others.
 */
const DEMUXERS: ReadonlyMap<string, string> = new Map([
  ['video/mp4', 'mov'],
  ['video/quicktime', 'mov'],
  ['video/3gpp', 'mov'],
  ['video/3gpp2', 'mov'],
  ['video/webm', 'matroska'],
])

/** The longest side of a still, in pixels; covers are made from it. */
const STILL_SIDE = 1280

/** One at a time: a decoder may take hundreds of megabytes. */
const inTurn = limiter(1, 32)

let available: Promise<boolean> | undefined

/** Whether an ffmpeg is on the PATH (and may be run, in Deno). Asked once. */
export function ffmpegAvailable(): Promise<boolean> {
  available ??= run(['-version']).then(
    () => true,
    () => false,
  )
  return available
}

/** Stills of videos by the ffmpeg on the PATH. Without one every call throws `CannotConvert`. */
export function ffmpegVideos(): Videos {
  return {
    async frame(video) {
      try {
        return await inTurn(() => ffmpegFrame(video))
      } catch (error) {
        // Whoever gave the stream must not keep a connection open for it. It may have failed itself, or be
        // read already.
        await video.cancel().catch(() => undefined)
        throw error
      }
    },
  }
}

/**
 * A JPEG of a frame half a second into the video, or of its first frame when it is shorter. The video goes
 * to a temporary file, since an MP4 may have its table of contents at the end.
 */
async function ffmpegFrame(video: ByteStream): Promise<Bytes> {
  await needFfmpeg('covers of videos need')
  return inFolder(async folder => {
    const path = join(folder, 'video')
    const { mime } = await sniff(await store(path, video))
    const demuxer = DEMUXERS.get(mime)
    if (!demuxer) throw new CannotConvert('the file is not an MP4, QuickTime, 3GP or WebM video')
    const fit = `scale='min(${STILL_SIDE},iw)':'min(${STILL_SIDE},ih)':force_original_aspect_ratio=decrease,format=yuvj420p`
    const still = [
      '-map',
      '0:v:0',
      '-frames:v',
      '1',
      '-vf',
      fit,
      '-c:v',
      'mjpeg',
      '-q:v',
      '3',
      '-f',
      'image2pipe',
      'pipe:1',
    ]
    const frame = await runOn(path, demuxer, ['-ss', '0.5'], still, 'the video')
    const first = frame.length > 0 ? frame : await runOn(path, demuxer, [], still, 'the video')
    if (first.length === 0) throw new CannotConvert('the video has no picture')
    return first
  })
}

async function needFfmpeg(what: string): Promise<void> {
  if (!(await ffmpegAvailable()))
    throw new CannotConvert(`${what} ffmpeg, which is not installed on this server`)
}

async function inFolder<T>(task: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'cohort-media-'))
  try {
    return await task(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Writes the stream to a file and returns its first bytes. */
async function store(path: string, stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const head = new Uint8Array(SNIFF_BYTES)
  let size = 0
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of stream) {
      if (size < SNIFF_BYTES) head.set(chunk.subarray(0, SNIFF_BYTES - size), size)
      size += chunk.length
      if (size > MAX_VIDEO_BYTES) throw new CannotConvert('the video is too large to make a cover of')
      await file.writeFile(chunk)
    }
  } finally {
    await file.close()
  }
  return head.subarray(0, size)
}

async function runOn(
  path: string,
  demuxer: string,
  seek: string[],
  output: string[],
  what: string,
): Promise<Bytes> {
  const input = [
    '-protocol_whitelist',
    'file',
    '-f',
    demuxer,
    '-max_pixels',
    String(MAX_PIXELS),
    '-threads',
    '1',
    ...seek,
    '-i',
    `file:${path}`,
  ]
  try {
    return await run(['-nostdin', '-hide_banner', '-loglevel', 'error', ...input, '-threads', '1', ...output])
  } catch (cause) {
    throw new CannotConvert(`${what} is broken or of a kind that ffmpeg here does not convert`, { cause })
  }
}

/**
 * ffmpeg's output. Rejects when it fails, takes longer than `TIMEOUT_MS`, or writes too much; it is killed
 * then.
 */
function run(args: string[]): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    const child = spawn('ffmpeg', args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    })
    const output: Uint8Array[] = []
    let size = 0
    let complaint = ''
    child.stdout.on('data', (chunk: Uint8Array) => {
      output.push(chunk)
      size += chunk.length
      if (size > MAX_OUTPUT_BYTES) child.kill('SIGKILL')
    })
    child.stderr.on('data', (chunk: Uint8Array) => {
      if (complaint.length < 2000) complaint += new TextDecoder().decode(chunk)
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0 && size <= MAX_OUTPUT_BYTES) resolve(new Uint8Array(Buffer.concat(output)))
      else reject(new Error(`ffmpeg ended with ${signal ?? code}: ${complaint}`))
    })
  })
}
