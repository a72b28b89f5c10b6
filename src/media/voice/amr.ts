import { CannotConvert } from '../../platform.ts'
import { openAmrNb } from './amrnb.gen.js'

/** Samples a second of narrow-band AMR. */
export const AMR_SAMPLE_RATE = 8000

/** Longer clips are refused: half an hour is 29 MB of samples. */
const MAX_MINUTES = 30

const HEADER = '#!AMR\n'
const WIDE_BAND_HEADER = '#!AMR-WB\n'
const SAMPLES_PER_FRAME = 160
const FRAMES_PER_MINUTE = (60 * AMR_SAMPLE_RATE) / SAMPLES_PER_FRAME

/**
 * Bytes after the header byte by frame type: eight speech modes, comfort noise, six that files do not hold,
 * and "no data".
 */
const FRAME_BYTES = [12, 13, 15, 17, 19, 20, 26, 31, 5, -1, -1, -1, -1, -1, -1, 0]
const LARGEST_FRAME = 32

/** Whether this is wide-band AMR, which the decoder here does not know. */
export function isWideBandAmr(file: Uint8Array): boolean {
  return startsWith(file, WIDE_BAND_HEADER)
}

/**
 * The samples of a narrow-band AMR file, mono, `AMR_SAMPLE_RATE` a second. Throws `CannotConvert` for
 * wide-band AMR, for a clip longer than half an hour, and for bytes that are no whole AMR file.
 */
export function decodeAmr(file: Uint8Array): Int16Array<ArrayBuffer> {
  const frames = findFrames(file)
  const codec = openAmrNb()
  const decoder = codec.open()
  const input = codec.malloc(LARGEST_FRAME)
  const output = codec.malloc(SAMPLES_PER_FRAME * 2)
  const inputBytes = new Uint8Array(codec.buffer, input, LARGEST_FRAME)
  const outputSamples = new Int16Array(codec.buffer, output, SAMPLES_PER_FRAME)
  const samples = new Int16Array(frames.length * SAMPLES_PER_FRAME)
  for (const [i, frame] of frames.entries()) {
    inputBytes.set(frame)
    codec.decode(decoder, input, output, 0)
    samples.set(outputSamples, i * SAMPLES_PER_FRAME)
  }
  return samples
}

/** The frames, each with its header byte. All are checked before the first is decoded. */
function findFrames(file: Uint8Array): Uint8Array[] {
  if (isWideBandAmr(file))
    throw new CannotConvert(
      'this is wide-band AMR (AMR-WB), which is converted only where ffmpeg is installed',
    )
  if (!startsWith(file, HEADER))
    throw new CannotConvert('the file is not an AMR voice clip: it does not start with "#!AMR"')
  const frames: Uint8Array[] = []
  for (let at = HEADER.length; at < file.length; ) {
    const type = ((file[at] ?? 0) >> 3) & 15
    const length = FRAME_BYTES[type] ?? -1
    if (length < 0) throw new CannotConvert(`the AMR voice clip is damaged at byte ${at}`)
    if (at + 1 + length > file.length)
      throw new CannotConvert('the AMR voice clip is cut off in its last frame')
    frames.push(file.subarray(at, at + 1 + length))
    if (frames.length > MAX_MINUTES * FRAMES_PER_MINUTE)
      throw new CannotConvert(`the AMR voice clip is longer than ${MAX_MINUTES} minutes`)
    at += 1 + length
  }
  if (frames.length === 0) throw new CannotConvert('the AMR voice clip is empty')
  return frames
}

function startsWith(file: Uint8Array, text: string): boolean {
  return file.length >= text.length && String.fromCharCode(...file.subarray(0, text.length)) === text
}
