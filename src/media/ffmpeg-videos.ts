import { join } from 'node:path'
import { type ByteStream, type Bytes, CannotConvert, type Videos } from '../platform.ts'
import { convert, type Input, reading, run, store, withFfmpeg } from './ffmpeg.ts'

const MAX_VIDEO_BYTES = 512 * 1024 * 1024

/** How much of a video is decoded at most to find one frame, seconds. */
const FIRST_SECONDS = '2'

/** The longest side of a still, in pixels; covers are made from it. */
const STILL_SIDE = 1280

/**
 * Transfer functions of videos with high dynamic range: PQ and HLG. Without conversion they look pale and
 * dark on an ordinary screen.
 */
const HDR_TRANSFERS = new Set(['smpte2084', 'arib-std-b67'])

/**
 * The filters that convert high dynamic range for an ordinary screen: back to linear light, and then tone
 * mapping.
 */
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
        // Frees the connection behind the stream. The stream may have failed, or been read to its end.
        await video.cancel().catch(() => undefined)
        throw error
      }
    },
  }
}

/**
 * A JPEG of the frame half a second into the video, or of the first frame of a shorter video. The video is
 * written to a temporary file, because an MP4 may have its table of contents at the end.
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

/**
 * A video may be stored with pixels that are not square. So it is scaled to the width at which it is shown.
 */
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
  // Without ffprobe, or if it cannot read the video, nothing is known. Then the video is treated as an
  // ordinary one.
  const told = await run('ffprobe', ['-v', 'error', ...reading(input), ...entries]).catch(
    () => new Uint8Array(),
  )
  return HDR_TRANSFERS.has(new TextDecoder().decode(told).trim().split('\n')[0] ?? '')
}
