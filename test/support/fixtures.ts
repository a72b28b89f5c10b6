import { spawnSync } from 'node:child_process'
import { createCipheriv } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bytes } from '../../src/platform.ts'
import { amrFile, noiseFrame } from './amr.ts'
import { animation, bytesOf, type Quarters, quarters } from './pictures.ts'
import { removeFolder, temporaryFolder } from './process.ts'

/** Files as clients send them, made here: what they show is known. */

export const text = (value: string): Bytes => new TextEncoder().encode(value)
export const joined = (...parts: readonly Uint8Array[]): Bytes => new Uint8Array(Buffer.concat(parts))

/** Bytes that are nothing known, and differ for each seed. */
export function someBytes(length: number, seed = 1): Bytes {
  const bytes = new Uint8Array(
    createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16, seed >> 8)).update(
      new Uint8Array(length),
    ),
  )
  if (length > 0) bytes[0] = 0x80
  return bytes
}

export const png = (width = 40, height = 20): Promise<Bytes> => bytesOf(quarters(width, height).png())
export const jpeg = (width = 400, height = 200): Promise<Bytes> => bytesOf(quarters(width, height).jpeg())
export const webp = (width = 400, height = 200): Promise<Bytes> => bytesOf(quarters(width, height).webp())
export const avif = (width = 400, height = 200): Promise<Bytes> =>
  bytesOf(quarters(width, height).avif({ quality: 90 }))
export const animatedGif = async (width = 400, height = 200): Promise<Bytes> =>
  bytesOf((await animation(width, height)).gif())

/** Stored lying on its side, with an EXIF orientation (1–8) that says so. */
export const turnedJpeg = (
  width: number,
  height: number,
  orientation: number,
  colours?: Quarters,
): Promise<Bytes> =>
  bytesOf(quarters(width, height, colours).jpeg({ quality: 95 }).withMetadata({ orientation }))

/** A GIF of one-pixel frames, `count` of them, on a canvas as large as it likes. */
export function manyFrames(count: number, width: number, height: number): Bytes {
  const low = (value: number) => [value & 255, value >> 8]
  const head = [...text('GIF89a'), ...low(width), ...low(height), 0x80, 0, 0, 220, 30, 30, 0, 0, 0]
  const frame = Uint8Array.of(0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0)
  return joined(new Uint8Array(head), ...new Array<Uint8Array>(count).fill(frame), Uint8Array.of(0x3b))
}

/** Narrow-band AMR of speech frames that decode to noise, 20 ms each. */
export const voice = (seconds = 1): Bytes =>
  amrFile(...Array.from({ length: seconds * 50 }, (_, i) => noiseFrame(7, i)))

/** Wide-band AMR of mode 2, noise as well. */
export const wideBandVoice = (seconds = 1): Bytes =>
  joined(
    text('#!AMR-WB\n'),
    ...Array.from({ length: seconds * 50 }, (_, frame) => Uint8Array.of(0x14, ...someBytes(32, frame + 1))),
  )

/** Silence as MPEG 1 layer III frames, 26 ms each. */
export const mp3 = (frames = 40): Bytes =>
  joined(
    ...Array.from({ length: frames }, () =>
      joined(Uint8Array.of(0xff, 0xfb, 0x90, 0x64), new Uint8Array(413)),
    ),
  )

/** A red MP4; undefined where no ffmpeg can make one. */
export async function mp4(seconds = 2, size = '320x240'): Promise<Bytes | undefined> {
  const folder = temporaryFolder()
  try {
    const path = join(folder, 'a.mp4')
    const source = `color=red:size=${size}:rate=10:duration=${seconds}`
    const { status } = spawnSync('ffmpeg', [
      '-v',
      'error',
      '-y',
      '-f',
      'lavfi',
      '-i',
      source,
      '-c:v',
      'mpeg4',
      '-pix_fmt',
      'yuv420p',
      path,
    ])
    return status === 0 ? new Uint8Array(readFileSync(path)) : undefined
  } finally {
    await removeFolder(folder)
  }
}

/** The start of an MP4, which is enough to be taken for one. */
export const stubMp4 = (): Bytes =>
  joined(Uint8Array.of(0, 0, 0, 20), text('ftypisom'), new Uint8Array(4), text('mp42'), new Uint8Array(200))

/**
 * Files that run this script where a browser lets them: to be served as attachments, whatever they are
 * called.
 */
export function hostileFiles(code: string) {
  const script = `<script>${code}</script>`
  return {
    SVG: text(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">${script}</svg>`),
    'SVG in XML': text(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><g/>${script}</svg>`),
    HTML: text(`<!doctype html><html><body>${script}</body></html>`),
    'HTML after a byte order mark': joined(Uint8Array.of(0xef, 0xbb, 0xbf), text(`<html>${script}</html>`)),
    'HTML after blanks': text(`\n\n   <html>${script}</html>`),
    'HTML in UTF-16': joined(
      Uint8Array.of(0xff, 0xfe),
      new Uint8Array(Buffer.from(`<html>${script}</html>`, 'utf16le')),
    ),
    XHTML: text(
      `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body>${script}</body></html>`,
    ),
    XML: text(
      `<?xml version="1.0"?><x xmlns:h="http://www.w3.org/1999/xhtml"><h:script>${code}</h:script></x>`,
    ),
    'PDF holding HTML': text(
      `%PDF-1.4\n1 0 obj\n<</Type /Catalog /OpenAction <</S /JavaScript /JS (${code})>>>>\nendobj\n<html>${script}</html>`,
    ),
    'HTML before a picture': joined(
      text(`<html>${script}</html>`),
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10),
    ),
    JavaScript: text(code),
  } as const
}

export const hostile = hostileFiles('alert(1)')

/** A picture that goes on as HTML: it is what its first bytes are. */
export const polyglot = async (html = hostile.HTML): Promise<Bytes> => joined(await png(), html)
