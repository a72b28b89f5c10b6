import sharp from 'sharp'
import type { Bytes } from '../../src/platform.ts'
import { encodedTone } from './amr.ts'
import { hostile, text } from './fixtures.ts'
import { ffmpegFile } from './media-files.ts'
import { bmp, bytesOf, type Colour, fixture, paint } from './pictures.ts'

/** The colour of the pictures and films here. */
export const SHOWN: Colour = [200, 50, 50, 255]

/** How long the sound and the films here last, seconds. */
export const SECONDS = 1

const picture = () => paint(60, 40, () => SHOWN)
const SOUND = ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${SECONDS}`]
const PICTURE = ['-f', 'lavfi', '-i', 'color=0xc83232:size=60x40']
const FILM = ['-f', 'lavfi', '-i', `color=0xc83232:size=176x144:rate=25:duration=${SECONDS}`]

const sound = (name: string, ...options: string[]) => ffmpegFile(name, [...SOUND, ...options])
const film = (name: string, ...options: string[]) =>
  ffmpegFile(name, [...FILM, ...SOUND, '-pix_fmt', 'yuv420p', '-ac', '1', ...options])

const MPEG4 = ['-c:v', 'mpeg4', '-q:v', '2']
/** As phones record it. */
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '10']

interface FormatFile {
  /** The file_type that clients send it as. */
  readonly file_type: number
  make(): Promise<Bytes> | Bytes
}

const of = (file_type: number, make: FormatFile['make']): FormatFile => ({ file_type, make })

/** A file of each format that docs/media.md names, made by other programs than this service. */
export const formatFiles: Readonly<Record<string, FormatFile>> = {
  JPEG: of(102, () => bytesOf(picture().jpeg({ quality: 95 }))),
  PNG: of(102, () => bytesOf(picture().png())),
  GIF: of(102, () => bytesOf(picture().gif())),
  WebP: of(102, () => bytesOf(picture().webp({ quality: 95 }))),
  AVIF: of(102, () => bytesOf(picture().avif({ quality: 90 }))),
  HEIC: of(102, () => fixture('plain.heic')),
  TIFF: of(102, () => bytesOf(picture().tiff({ compression: 'lzw' }))),
  BMP: of(102, () => bmp(picture())),
  ICO: of(102, () => fixture('plain.ico')),
  'JPEG XL': of(102, () => ffmpegFile('a.jxl', [...PICTURE, '-frames:v', '1', '-c:v', 'libjxl'])),
  SVG: of(102, () => hostile.SVG),
  'AMR, narrow band': of(101, () => encodedTone('narrow-mode-7')),
  'AMR, wide band': of(101, () => encodedTone('wide-mode-8')),
  MP3: of(104, () => sound('a.mp3', '-ar', '48000', '-id3v2_version', '0')),
  'WebM with Opus': of(101, () => sound('a.webm', '-c:a', 'libopus')),
  'Ogg with Opus': of(101, () => sound('a.ogg', '-c:a', 'libopus')),
  'Ogg with Vorbis': of(101, () => sound('a.ogg', '-c:a', 'libvorbis')),
  'MP4 with AAC': of(101, () => sound('a.mp4', '-c:a', 'aac')),
  M4A: of(101, () => sound('a.m4a', '-c:a', 'aac')),
  '3GP with AAC': of(101, () => sound('a.3gp', '-c:a', 'aac', '-ar', '8000')),
  AAC: of(101, () => sound('a.aac')),
  WAV: of(101, () => sound('a.wav')),
  FLAC: of(101, () => sound('a.flac')),
  'Matroska sound': of(101, () => sound('a.mka', '-c:a', 'libopus')),
  'Windows Media sound': of(101, () => sound('a.wma', '-c:a', 'wmav2')),
  MP4: of(103, () => film('a.mp4', ...H264, '-c:a', 'aac')),
  QuickTime: of(103, () => film('a.mov', ...H264, '-c:a', 'aac')),
  WebM: of(103, () => film('a.webm', '-c:v', 'libvpx', '-b:v', '500k', '-c:a', 'libopus')),
  '3GP': of(103, () => film('a.3gp', ...H264, '-c:a', 'aac', '-ar', '8000')),
  MKV: of(103, () => film('a.mkv', ...MPEG4, '-c:a', 'libopus')),
  AVI: of(103, () => film('a.avi', ...MPEG4, '-c:a', 'libmp3lame')),
  'MPEG-TS': of(103, () => film('a.ts', '-c:v', 'mpeg2video', '-q:v', '2', '-c:a', 'aac')),
  'MPEG-PS': of(103, () => film('a.mpg', '-c:v', 'mpeg2video', '-q:v', '2', '-c:a', 'mp2')),
  FLV: of(103, () => film('a.flv', '-c:v', 'flv', '-q:v', '2', '-c:a', 'libmp3lame', '-ar', '44100')),
  WMV: of(103, () => film('a.wmv', '-c:v', 'wmv2', '-q:v', '2', '-c:a', 'wmav2')),
  PDF: of(100, () => hostile['PDF holding HTML']),
  text: of(100, () => text('hello')),
}

/** The mean colour of a picture. */
export async function meanColour(file: Bytes): Promise<Colour> {
  const { channels } = await sharp(file).toColourspace('srgb').stats()
  const [red = 0, green = 0, blue = 0] = channels.map(({ mean }) => Math.round(mean))
  return [red, green, blue, 255]
}
