import { join } from 'node:path'
import { type ByteStream, type Bytes, CannotConvert, type Videos } from '../platform.ts'
import { convert, type Input, reading, run, store, withFfmpeg } from './ffmpeg.ts'

const MAX_VIDEO_BYTES = 512 * 1024 * 1024

/** No more of a video is decoded to find one frame. */
const FIRST_SECONDS = '2'

/** The longest side of a still, in pixels; covers are made from it. */
const STILL_SIDE = 1280

/** What the numbers of a film of high dynamic range mean: PQ or HLG. On an ordinary screen they are pale and dark. */
const HDR_TRANSFERS = new Set(['smpte2084', 'arib-std-b67'])

/** Light as it was, pressed into the range of an ordinary screen. */
const TONE_MAPPED = [
  'zscale=transfer=linear:npl=100',
  'format=gbrpf32le',
  'zscale=primaries=bt709',
  'tonemap=hable:desat=0',
  'zscale=transfer=bt709:matrix=bt709:range=tv',
  'format=yuv420p',
]

/** Stills of videos by the ffmpeg on the PATH. Without one every call throws `CannotConvert`. */
export function ffmpegVideos(): Videos {
  return {
    async frame(video, contentType) {
      try {
        return await withFfmpeg('covers of videos need', folder => ffmpegFrame(folder, video, contentType))
      } catch (error) {
        // Whoever gave the stream must not keep a connection open for it. It may have failed itself, or be read already.
        await video.cancel().catch(() => undefined)
        throw error
      }
    },
  }
}

/**
 * A JPEG of a frame half a second into the video, or of its first frame when it is shorter. The video goes to a
 * temporary file, since an MP4 may have its table of contents at the end.
 */
async function ffmpegFrame(folder: string, video: ByteStream, contentType: string): Promise<Bytes> {
  const path = join(folder, 'video')
  await store(path, video, MAX_VIDEO_BYTES)
  const input = { path, contentType }
  const filters = [...scaledToSquarePixels, ...((await isHdr(input)) ? TONE_MAPPED : []), TO_JPEG_COLOURS]
  const frameOf = (seek: string[]) => convert(reading(input, seek), still(filters))
  const frame = await frameOf(['-ss', '0.5', '-t', FIRST_SECONDS])
  const first = frame.length > 0 ? frame : await frameOf(['-t', FIRST_SECONDS])
  if (first.length === 0) throw new CannotConvert('the video has no picture')
  return first
}

/** A film may be stored narrower than it is shown. */
const scaledToSquarePixels = [
  "scale='max(1,trunc(iw*if(gt(sar,0),sar,1)))':ih",
  'setsar=1',
  `scale='min(${STILL_SIDE},iw)':'min(${STILL_SIDE},ih)':force_original_aspect_ratio=decrease`,
]

const TO_JPEG_COLOURS = 'scale=out_color_matrix=bt601:out_range=pc,format=yuvj420p'

function still(filters: readonly string[]): string[] {
  const one = ['-map', '0:v:0', '-frames:v', '1', '-vf', filters.join(',')]
  return [...one, '-c:v', 'mjpeg', '-q:v', '3', '-f', 'image2pipe', 'pipe:1']
}

async function isHdr(input: Input): Promise<boolean> {
  const entries = ['-select_streams', 'v:0', '-show_entries', 'stream=color_transfer', '-of', 'csv=p=0']
  // Without an ffprobe, or of a film that it does not understand, nothing is known: the still is made as of any other.
  const told = await run('ffprobe', ['-v', 'error', ...reading(input), ...entries]).catch(
    () => new Uint8Array(),
  )
  return HDR_TRANSFERS.has(new TextDecoder().decode(told).trim().split('\n')[0] ?? '')
}
