import { inflate } from './inflate.ts'
import type { Raster } from './picture.ts'
import type { PictureSize } from './picture-size.ts'
import { pngChunks } from './png-chunks.ts'

/** Samples of a pixel by colour type (PNG specification, section 11.2.1). A palette's pixel is one number. */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
const PALETTE = 3

/**
 * Decodes a PNG line by line, each pixel the average of a square, at the smallest such size that is not smaller than
 * `atLeast`: one of 50 megapixels takes a few megabytes. undefined for an interlaced one, whose lines come out of order.
 * Throws for what is broken.
 */
export function shrinkPng(png: Uint8Array, size: PictureSize, atLeast: PictureSize): Raster | undefined {
  const [depth = 8, type = 6, , , interlaced] = png.subarray(24, 29)
  const samples = SAMPLES[type]
  if (samples === undefined || interlaced) return undefined
  const side = Math.max(1, Math.floor(Math.min(size.width / atLeast.width, size.height / atLeast.height)))
  const shrunk = squares(size, side)
  const colourOf = colours(png, depth, type)
  const pixelBytes = Math.max(1, (samples * depth) >> 3)
  const lineBytes = Math.ceil((size.width * samples * depth) / 8)
  let line = new Uint8Array(lineBytes)
  let above = new Uint8Array(lineBytes)
  let y = 0
  eachLine(png, lineBytes + 1, filtered => {
    if (y === size.height) return
    unfilter(filtered[0] ?? 0, filtered.subarray(1), line, above, pixelBytes)
    for (let x = 0; x < size.width; x++) shrunk.add(x, y, colourOf(line, x))
    ;[line, above] = [above, line]
    y++
  })
  if (y < size.height) throw new Error('the PNG is cut off')
  return shrunk.raster()
}

/** Calls with each line of the picture data, its filter byte first. */
function eachLine(png: Uint8Array, length: number, onLine: (line: Uint8Array) => void): void {
  const pending = new Uint8Array(length)
  let filled = 0
  inflate(dataOf(png), part => {
    for (let at = 0; at < part.length; ) {
      const taken = Math.min(length - filled, part.length - at)
      pending.set(part.subarray(at, at + taken), filled)
      filled += taken
      at += taken
      if (filled < length) continue
      onLine(pending)
      filled = 0
    }
  })
}

function* dataOf(png: Uint8Array): Generator<Uint8Array> {
  for (const { name, start, end } of pngChunks(png)) if (name === 'IDAT') yield png.subarray(start, end)
}

/** Undoes a line's prediction from the pixels to the left and above (PNG specification, section 9). */
function unfilter(
  filter: number,
  from: Uint8Array,
  line: Uint8Array,
  above: Uint8Array,
  pixelBytes: number,
): void {
  for (let i = 0; i < line.length; i++) {
    const left = i < pixelBytes ? 0 : (line[i - pixelBytes] ?? 0)
    const up = above[i] ?? 0
    const corner = i < pixelBytes ? 0 : (above[i - pixelBytes] ?? 0)
    line[i] = (from[i] ?? 0) + predicted(filter, left, up, corner)
  }
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 0) return 0
  if (filter === 1) return left
  if (filter === 2) return up
  if (filter === 3) return (left + up) >> 1
  const fromLeft = Math.abs(up - corner)
  const fromUp = Math.abs(left - corner)
  const fromCorner = Math.abs(left + up - 2 * corner)
  if (fromLeft <= fromUp && fromLeft <= fromCorner) return left
  return fromUp <= fromCorner ? up : corner
}

type Rgba = readonly [red: number, green: number, blue: number, alpha: number]

/** How to read a pixel of a line, of 8 bits a sample whatever the file has. */
function colours(png: Uint8Array, depth: number, type: number): (line: Uint8Array, x: number) => Rgba {
  const chunks = [...pngChunks(png)]
  const chunk = (wanted: string) => {
    const found = chunks.find(({ name }) => name === wanted)
    return found ? png.subarray(found.start, found.end) : undefined
  }
  const [palette, clear] = [chunk('PLTE'), chunk('tRNS')]
  const samples = SAMPLES[type] ?? 1
  const most = 2 ** depth - 1
  const raw = (line: Uint8Array, i: number): number => {
    if (depth === 16) return ((line[i * 2] ?? 0) << 8) | (line[i * 2 + 1] ?? 0)
    if (depth === 8) return line[i] ?? 0
    return ((line[(i * depth) >> 3] ?? 0) >> (8 - depth - ((i * depth) & 7))) & most
  }
  const clearAt = (i: number) => ((clear?.[i * 2] ?? 0) << 8) | (clear?.[i * 2 + 1] ?? 0)
  return (line, x) => {
    const first = raw(line, x * samples)
    if (type === PALETTE) {
      const [red = 0, green = 0, blue = 0] = palette?.subarray(first * 3, first * 3 + 3) ?? []
      return [red, green, blue, clear?.[first] ?? 255]
    }
    const at = (i: number) => raw(line, x * samples + i)
    const byte = (value: number) => (value * 255) / most
    if (samples < 3) {
      const alpha = samples === 2 ? byte(at(1)) : clear && first === clearAt(0) ? 0 : 255
      return [byte(first), byte(first), byte(first), alpha]
    }
    const isClear = clear && first === clearAt(0) && at(1) === clearAt(1) && at(2) === clearAt(2)
    return [byte(first), byte(at(1)), byte(at(2)), samples === 4 ? byte(at(3)) : isClear ? 0 : 255]
  }
}

/** Averages squares of pixels. A clear pixel has no say in the colour. */
function squares(size: PictureSize, side: number) {
  const width = Math.ceil(size.width / side)
  const height = Math.ceil(size.height / side)
  const sums = new Float32Array(width * height * 4)
  const counts = new Uint32Array(width * height)
  return {
    add(x: number, y: number, [red, green, blue, alpha]: Rgba): void {
      const square = Math.floor(y / side) * width + Math.floor(x / side)
      const i = square * 4
      sums[i] = (sums[i] ?? 0) + red * alpha
      sums[i + 1] = (sums[i + 1] ?? 0) + green * alpha
      sums[i + 2] = (sums[i + 2] ?? 0) + blue * alpha
      sums[i + 3] = (sums[i + 3] ?? 0) + alpha
      counts[square] = (counts[square] ?? 0) + 1
    },
    raster(): Raster {
      const rgba = new Uint8Array(width * height * 4)
      for (let square = 0, i = 0; square < counts.length; square++, i += 4) {
        const alpha = sums[i + 3] ?? 0
        for (let c = i; c < i + 3; c++) rgba[c] = alpha > 0 ? Math.round((sums[c] ?? 0) / alpha) : 0
        rgba[i + 3] = Math.round(alpha / (counts[square] ?? 1))
      }
      return { width, height, rgba }
    },
  }
}
