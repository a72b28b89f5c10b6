import { boxes, joinBytes, says } from './boxes.ts'
import { inflate } from './inflate.ts'
import { jpegSegments } from './jpeg-segments.ts'
import { pngChunks } from './png-chunks.ts'
import { riffChunks } from './riff-chunks.ts'
import type { CodedColours } from './wasm/ycc.ts'

/** Longer profiles are ignored. The largest ones in use have 3 MB. */
const MAX_PROFILE_BYTES = 4_000_000

/** The ICC profile of a picture, which tells what its colour values mean; undefined if it has none. */
export function iccProfile(picture: Uint8Array): Uint8Array | undefined {
  if (says(picture, 0, '\xff\xd8')) return ofJpeg(picture)
  if (says(picture, 0, '\x89PNG')) return ofPng(picture)
  if (says(picture, 8, 'WEBP')) {
    for (const { id, start, end } of riffChunks(picture, 12, picture.length))
      if (id === 'ICCP') return picture.subarray(start, end)
  }
  for (const { start, end } of colourBoxes(picture))
    if (says(picture, start, 'prof') || says(picture, start, 'rICC')) return picture.subarray(start + 4, end)
  return undefined
}

/** A profile may be split into several segments of at most 64 KiB. Each one tells its number. */
function ofJpeg(picture: Uint8Array): Uint8Array | undefined {
  const parts: Uint8Array[] = []
  for (const { marker, start, end } of jpegSegments(picture)) {
    if (marker === 0xe2 && says(picture, start, 'ICC_PROFILE\0'))
      parts[picture[start + 12] ?? 0] = picture.subarray(start + 14, end)
  }
  const profile = joinBytes(parts.filter(part => part !== undefined))
  return profile.length > 0 && profile.length <= MAX_PROFILE_BYTES ? profile : undefined
}

function ofPng(picture: Uint8Array): Uint8Array | undefined {
  for (const { name, start, end } of pngChunks(picture)) {
    if (name === 'IDAT') return undefined
    if (name !== 'iCCP') continue
    // Before the profile stand its name, a zero byte and one byte for the compression method.
    const content = picture.subarray(picture.indexOf(0, start) + 2, end)
    return inflated(content)
  }
  return undefined
}

/** Decompresses a profile; undefined if it is broken or would become too long. */
function inflated(bytes: Uint8Array): Uint8Array | undefined {
  const parts: Uint8Array[] = []
  let size = 0
  try {
    inflate([bytes], part => {
      size += part.length
      if (size > MAX_PROFILE_BYTES) throw new Error('too long')
      parts.push(part)
    })
  } catch {
    return undefined
  }
  return joinBytes(parts)
}

function* colourBoxes(picture: Uint8Array) {
  if (!says(picture, 4, 'ftyp')) return
  for (const meta of boxes(picture, 0, picture.length, 'meta'))
    for (const properties of boxes(picture, meta.start + 4, meta.end, 'iprp'))
      for (const container of boxes(picture, properties.start, properties.end, 'ipco'))
        yield* boxes(picture, container.start, container.end, 'colr')
}

const BT601: CodedColours = { red: 0.299, blue: 0.114, fullRange: true }

/**
 * How the samples of a HEIC picture are coded (ISO/IEC 23008-12, ITU-T H.273). If the picture does not tell,
 * BT.601 with all 256 values is assumed, as phones code pictures.
 */
export function codedColours(picture: Uint8Array): CodedColours {
  for (const { start, end } of colourBoxes(picture)) {
    if (!says(picture, start, 'nclx') || end - start < 11) continue
    const matrix = ((picture[start + 8] ?? 0) << 8) | (picture[start + 9] ?? 0)
    const fullRange = ((picture[start + 10] ?? 0) & 0x80) !== 0
    if (matrix === 1) return { red: 0.2126, blue: 0.0722, fullRange }
    if (matrix === 9 || matrix === 10) return { red: 0.2627, blue: 0.0593, fullRange }
    return { ...BT601, fullRange }
  }
  return BT601
}
