import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'
import type { Bytes } from '../../src/platform.ts'

export type Colour = readonly [red: number, green: number, blue: number, alpha: number]
export const RED: Colour = [220, 30, 30, 255]
export const GREEN: Colour = [30, 200, 30, 255]
export const BLUE: Colour = [30, 30, 220, 255]
export const WHITE: Colour = [250, 250, 250, 255]
export const CLEAR: Colour = [0, 0, 0, 0]

/** The quarters of a picture: top left, top right, bottom left, bottom right. */
export type Quarters = readonly [Colour, Colour, Colour, Colour]
export const QUARTERS: Quarters = [RED, GREEN, BLUE, WHITE]

/**
 * A picture painted by a function of the place; opaque ones have no alpha channel unless `alpha` wants one.
 */
export function paint(
  width: number,
  height: number,
  colourAt: (x: number, y: number) => Colour,
  alpha = false,
): Sharp {
  const channels = alpha ? 4 : 3
  const pixels = new Uint8Array(width * height * channels)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) pixels.set(colourAt(x, y).slice(0, channels), (y * width + x) * channels)
  }
  return sharp(pixels, { raw: { width, height, channels } })
}

export function quarters(width: number, height: number, colours: Quarters = QUARTERS, alpha = false): Sharp {
  return paint(
    width,
    height,
    (x, y) => colours[(x < width / 2 ? 0 : 1) + (y < height / 2 ? 0 : 2)] ?? CLEAR,
    alpha,
  )
}

export async function bytesOf(picture: Sharp): Promise<Bytes> {
  return new Uint8Array(await picture.toBuffer())
}

/** Three frames: red, green, blue. */
export async function animation(width: number, height: number): Promise<Sharp> {
  const frames = await Promise.all(
    [RED, GREEN, BLUE].map(colour =>
      paint(width, height, () => colour)
        .png()
        .toBuffer(),
    ),
  )
  return sharp(frames, { join: { animated: true } })
}

/** A PNG whose header claims another size; its checksum is right. */
export async function lyingPng(width: number, height: number, of?: Bytes): Promise<Bytes> {
  const png = of ?? (await bytesOf(quarters(8, 8).png()))
  const view = new DataView(png.buffer)
  view.setUint32(16, width)
  view.setUint32(20, height)
  view.setUint32(29, crc32(png.subarray(12, 29)))
  return png
}

/**
 * `QUARTERS`, 400 × 200, as heif-enc of libheif writes them, with 8 and 10 bits; and 64 × 32 as an icon.
 * Plain ones have one colour. `told` has EXIF data with a place and serial numbers. Bombs are small files of
 * 50 megapixels.
 */
export const fixture = (
  name:
    | `${'quarters' | 'ten-bits' | 'plain' | 'told'}.heic`
    | `${'quarters' | 'plain'}.ico`
    | `bomb.${'avif' | 'webp'}`,
): Bytes => new Uint8Array(readFileSync(new URL(`../fixtures/pictures/${name}`, import.meta.url)))

/** A BMP of 24 bits, whose lines go from bottom to top. */
export async function bmp(picture: Sharp): Promise<Bytes> {
  const { data, info } = await picture.removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const stride = Math.ceil((info.width * 3) / 4) * 4
  const file = new Uint8Array(54 + stride * info.height)
  const view = new DataView(file.buffer)
  file.set([0x42, 0x4d])
  for (const [at, value] of [
    [2, file.length],
    [10, 54],
    [14, 40],
    [18, info.width],
    [22, info.height],
  ] as const)
    view.setUint32(at, value, true)
  view.setUint16(26, 1, true)
  view.setUint16(28, 24, true)
  for (let y = 0; y < info.height; y++)
    for (let x = 0; x < info.width * 3; x++)
      file[54 + (info.height - 1 - y) * stride + x] =
        data[y * info.width * 3 + x - (x % 3) + 2 - (x % 3)] ?? 0
  return file
}

/** A GIF whose first frame is a red square of 60 × 60 at 100, 50 of a canvas of 300 × 200. */
export const partlyGif = (): Bytes => {
  const low = (value: number) => [value & 255, value >> 8]
  const screen = [...low(300), ...low(200), 0x80, 0, 0, 220, 30, 30, 0, 0, 0]
  const frame = [0x2c, ...low(100), ...low(50), ...low(60), ...low(60), 0]
  // Codes of three bits: "clear" before each pixel keeps them so.
  const codes = [...Array.from({ length: 3600 }, () => [4, 0]).flat(), 4, 5]
  const bits = codes.map(code => code.toString(2).padStart(3, '0').split('').reverse().join('')).join('')
  const bytes = Array.from({ length: Math.ceil(bits.length / 8) }, (_, i) =>
    Number.parseInt(
      bits
        .slice(i * 8, i * 8 + 8)
        .padEnd(8, '0')
        .split('')
        .reverse()
        .join(''),
      2,
    ),
  )
  const blocks: number[] = []
  for (let at = 0; at < bytes.length; at += 255)
    blocks.push(Math.min(255, bytes.length - at), ...bytes.slice(at, at + 255))
  return new Uint8Array([...new TextEncoder().encode('GIF89a'), ...screen, ...frame, 2, ...blocks, 0, 0x3b])
}

/** A PNG that says in an `eXIf` chunk how it is to be turned. */
export async function turnedPng(picture: Sharp, orientation: number): Promise<Bytes> {
  const png = await bytesOf(picture.png())
  const exif = [
    0x4d,
    0x4d,
    0,
    42,
    0,
    0,
    0,
    8,
    0,
    1,
    1,
    0x12,
    0,
    3,
    0,
    0,
    0,
    1,
    0,
    orientation,
    0,
    0,
    0,
    0,
    0,
    0,
  ]
  const chunk = new Uint8Array(12 + exif.length)
  const view = new DataView(chunk.buffer)
  view.setUint32(0, exif.length)
  chunk.set(new TextEncoder().encode('eXIf'), 4)
  chunk.set(exif, 8)
  view.setUint32(8 + exif.length, crc32(chunk.subarray(4, 8 + exif.length)))
  // After the header, whose chunk ends at byte 33.
  return new Uint8Array([...png.subarray(0, 33), ...chunk, ...png.subarray(33)])
}

export interface Seen {
  readonly width: number
  readonly height: number
  at(x: number, y: number): Colour
  /** The middles of the quarters. */
  quarters(): Quarters
}

/** Decodes a result. */
export async function look(bytes: Bytes): Promise<Seen> {
  const { data, info } = await sharp(bytes)
    .ensureAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  const at = (x: number, y: number): Colour => {
    const i = (Math.floor(y) * info.width + Math.floor(x)) * 4
    return [data[i] ?? 0, data[i + 1] ?? 0, data[i + 2] ?? 0, data[i + 3] ?? 0]
  }
  const { width, height } = info
  return {
    width,
    height,
    at,
    quarters: () => [
      at(width / 4, height / 4),
      at((width * 3) / 4, height / 4),
      at(width / 4, (height * 3) / 4),
      at((width * 3) / 4, (height * 3) / 4),
    ],
  }
}

/** How far two colours are apart at most, of 255; what cannot be seen through has no colour. */
export function distance(a: Colour, b: Colour): number {
  const channels = a[3] < 8 && b[3] < 8 ? [3] : [0, 1, 2, 3]
  return Math.max(...channels.map(i => Math.abs((a[i] ?? 0) - (b[i] ?? 0))))
}
