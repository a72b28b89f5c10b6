import { inflate } from './inflate.ts'
import type { Raster } from './picture.ts'
import type { PictureSize } from './picture-size.ts'
import { pngChunks } from './png-chunks.ts'

/**
 * Samples per pixel for each colour type (PNG specification, section 11.2.1). With a palette, a pixel is one
 * number.
 */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
const PALETTE = 3

/**
 * Decodes a PNG line by line and shrinks it: each pixel of the result is the average of a square of pixels.
 * The result has the smallest such size that is not smaller than `atLeast`. So a picture of 50 megapixels
 * takes a few megabytes of memory. undefined for an interlaced PNG, whose lines are not in order. Throws if
 * the PNG is broken.
 */
export function shrinkPng(png: Uint8Array, size: PictureSize, atLeast: PictureSize): Raster | undefined {
  const [depth = 8, type = 6, , , interlaced] = png.subarray(24, 29)
  const samples = SAMPLES[type]
  if (samples === undefined || interlaced) return undefined
  const side = Math.max(1, Math.floor(Math.min(size.width / atLeast.width, size.height / atLeast.height)))
  const average = squares(size, side)
  const toRgba = lineReader(png, size.width, depth, type)
  const pixelBytes = Math.max(1, (samples * depth) >> 3)
  const lineBytes = Math.ceil((size.width * samples * depth) / 8)
  let line = new Uint8Array(lineBytes)
  let above = new Uint8Array(lineBytes)
  let y = 0
  eachLine(png, lineBytes + 1, filtered => {
    if (y === size.height) return
    unfilter(filtered, line, above, pixelBytes)
    average.add(y, toRgba(line))
    ;[line, above] = [above, line]
    y++
  })
  if (y < size.height) throw new Error('the PNG is cut off')
  return average.raster()
}

/** Calls `onLine` with each line of the picture data. The line's first byte is its filter. */
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

/**
 * Undoes the filter of a line, which predicts each byte from the pixels to the left and above (PNG
 * specification, section 9). Each filter has its own loop for speed, because a large picture has a hundred
 * million bytes.
 */
function unfilter(filtered: Uint8Array, line: Uint8Array, above: Uint8Array, pixelBytes: number): void {
  const filter = filtered[0]
  const { length } = line
  line.set(filtered.subarray(1))
  if (filter === 1) {
    for (let i = pixelBytes; i < length; i++) line[i] = (line[i] as number) + (line[i - pixelBytes] as number)
  } else if (filter === 2) {
    for (let i = 0; i < length; i++) line[i] = (line[i] as number) + (above[i] as number)
  } else if (filter === 3) {
    for (let i = 0; i < length; i++) {
      const left = i < pixelBytes ? 0 : (line[i - pixelBytes] as number)
      line[i] = (line[i] as number) + ((left + (above[i] as number)) >> 1)
    }
  } else if (filter === 4) {
    for (let i = 0; i < length; i++) {
      const left = i < pixelBytes ? 0 : (line[i - pixelBytes] as number)
      const corner = i < pixelBytes ? 0 : (above[i - pixelBytes] as number)
      line[i] = (line[i] as number) + nearest(left, above[i] as number, corner)
    }
  }
}

/** The Paeth predictor: the one of the three values that is nearest to `left + up - corner`. */
function nearest(left: number, up: number, corner: number): number {
  const fromLeft = Math.abs(up - corner)
  const fromUp = Math.abs(left - corner)
  const fromCorner = Math.abs(left + up - 2 * corner)
  if (fromLeft <= fromUp && fromLeft <= fromCorner) return left
  return fromUp <= fromCorner ? up : corner
}

/**
 * Makes a function that converts a line of the file to four bytes per pixel. The next line overwrites its
 * result.
 */
function lineReader(
  png: Uint8Array,
  width: number,
  depth: number,
  type: number,
): (line: Uint8Array) => Uint8Array {
  const rgba = new Uint8Array(width * 4)
  const samples = SAMPLES[type] ?? 1
  const chunks = [...pngChunks(png)]
  const content = (wanted: string) => {
    const found = chunks.find(({ name }) => name === wanted)
    return found ? png.subarray(found.start, found.end) : new Uint8Array()
  }
  const [palette, clear] = [content('PLTE'), content('tRNS')]
  // A PNG may name one colour as transparent. Its samples have two bytes each, whatever the depth.
  const clearSample = (i: number) =>
    clear.length > 0 ? ((clear[i * 2] ?? 0) << 8) | (clear[i * 2 + 1] ?? 0) : -1
  const [clearFirst, clearSecond, clearThird] = [clearSample(0), clearSample(1), clearSample(2)]
  const most = 2 ** depth - 1
  const sample = (line: Uint8Array, i: number): number => {
    if (depth === 8) return line[i] as number
    if (depth === 16) return ((line[i * 2] as number) << 8) | (line[i * 2 + 1] as number)
    return ((line[(i * depth) >> 3] as number) >> (8 - depth - ((i * depth) & 7))) & most
  }
  const scale = 255 / most
  const isPlain = depth === 8 && samples >= 3 && clear.length === 0
  if (isPlain) return line => plainLine(line, rgba, samples)
  return line => {
    for (let x = 0, from = 0, to = 0; x < width; x++, from += samples, to += 4) {
      const first = sample(line, from)
      rgba[to + 3] = 255
      if (type === PALETTE) {
        for (let c = 0; c < 3; c++) rgba[to + c] = palette[first * 3 + c] ?? 0
        rgba[to + 3] = clear[first] ?? 255
      } else if (samples < 3) {
        rgba.fill(first * scale, to, to + 3)
        if (samples === 2) rgba[to + 3] = sample(line, from + 1) * scale
        else if (first === clearFirst) rgba[to + 3] = 0
      } else {
        const second = sample(line, from + 1)
        const third = sample(line, from + 2)
        rgba[to] = first * scale
        rgba[to + 1] = second * scale
        rgba[to + 2] = third * scale
        if (samples === 4) rgba[to + 3] = sample(line, from + 3) * scale
        else if (first === clearFirst && second === clearSecond && third === clearThird) rgba[to + 3] = 0
      }
    }
    return rgba
  }
}

/** Converts a line of the most usual kinds of PNG: 8 bits, three or four samples per pixel. */
function plainLine(line: Uint8Array, rgba: Uint8Array, samples: number): Uint8Array {
  if (samples === 4) return line
  for (let from = 0, to = 0; to < rgba.length; from += 3, to += 4) {
    rgba[to] = line[from] as number
    rgba[to + 1] = line[from + 1] as number
    rgba[to + 2] = line[from + 2] as number
    rgba[to + 3] = 255
  }
  return rgba
}

/** Averages squares of pixels. A transparent pixel does not count for the colour. */
function squares(size: PictureSize, side: number) {
  const width = Math.ceil(size.width / side)
  const height = Math.ceil(size.height / side)
  const sums = new Float64Array(width * height * 4)
  return {
    add(y: number, line: Uint8Array): void {
      let to = Math.floor(y / side) * width * 4
      for (let from = 0; from < line.length; to += 4) {
        const end = Math.min(from + side * 4, line.length)
        let [red, green, blue, alpha] = [0, 0, 0, 0]
        for (; from < end; from += 4) {
          const share = line[from + 3] as number
          red += (line[from] as number) * share
          green += (line[from + 1] as number) * share
          blue += (line[from + 2] as number) * share
          alpha += share
        }
        sums[to] = (sums[to] as number) + red
        sums[to + 1] = (sums[to + 1] as number) + green
        sums[to + 2] = (sums[to + 2] as number) + blue
        sums[to + 3] = (sums[to + 3] as number) + alpha
      }
    },
    raster(): Raster {
      const rgba = new Uint8Array(width * height * 4)
      for (let i = 0; i < rgba.length; i += 4) {
        const alpha = sums[i + 3] as number
        for (let c = i; c < i + 3; c++) rgba[c] = alpha > 0 ? Math.round((sums[c] as number) / alpha) : 0
        const [x, y] = [(i / 4) % width, Math.floor(i / 4 / width)]
        const columns = Math.min(side, size.width - x * side)
        const lines = Math.min(side, size.height - y * side)
        rgba[i + 3] = Math.round(alpha / (columns * lines))
      }
      return { width, height, rgba }
    },
  }
}
