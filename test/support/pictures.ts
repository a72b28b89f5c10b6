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
export async function lyingPng(width: number, height: number): Promise<Bytes> {
  const png = await bytesOf(quarters(8, 8).png())
  const view = new DataView(png.buffer)
  view.setUint32(16, width)
  view.setUint32(20, height)
  view.setUint32(29, crc32(png.subarray(12, 29)))
  return png
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
