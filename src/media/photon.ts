import { CannotConvert, type Images, type MadePicture } from '../platform.ts'
import { exifOrientation } from './exif-orientation.ts'
import { jpegSegments } from './jpeg-segments.ts'
import { openPhoton, type Photon } from './photon-wasm.ts'
import {
  brokenPicture,
  cropMiddle,
  isOpaque,
  JPEG_QUALITY,
  type Raster,
  refuseHugePicture,
  scaledSize,
  turnUpright,
} from './picture.ts'
import { type PictureSize, pictureSize } from './picture-size.ts'

/** What a Worker of 128 MB can give away, in bytes. */
const MEMORY = 112_000_000

/**
 * Pictures by photon (Rust's image crate as WebAssembly), for Workers: JPEG, PNG, GIF and WebP of some five
 * to eight megapixels. `loadWasm` gives the compiled `@cf-wasm/photon/photon.wasm`; it is called for each
 * picture, so that a start pays nothing.
 */
export function photonImages(loadWasm: () => Promise<WebAssembly.Module>): Images {
  const instances = photonInstances()
  return {
    async resize(picture, request) {
      const size = pictureSize(picture)
      refuseHugePicture(size)
      // Only an AVIF has a box of this name here, among what callers send.
      if (String.fromCharCode(...picture.subarray(4, 8)) === 'ftyp') {
        throw new CannotConvert(
          'AVIF pictures cannot be converted by this server; upload a JPEG, PNG, GIF or WebP',
        )
      }
      if (!size) throw brokenPicture()
      const orientation = exifOrientation(picture)
      const stored = orientation >= 5 ? { ...request, width: request.height, height: request.width } : request
      const needed = memoryNeeded(picture, size, scaledSize(size, stored))
      if (needed > MEMORY) {
        throw new CannotConvert(
          `a picture of ${size.width} × ${size.height} pixels is too large for this server; make it smaller than 5 megapixels`,
        )
      }
      return instances.use(await loadWasm(), needed, photon => {
        const scaled = photon.scale(picture, scaledSize(size, stored))
        return encode(
          photon,
          turnUpright(request.fit === 'cover' ? cropMiddle(scaled, stored) : scaled, orientation),
        )
      })
    },
  }
}

/**
 * One instance is used again and again, as two would not fit, and is left to the garbage collector in
 * between, as its memory never shrinks. A picture that breaks it costs its memory until the collector comes
 * by: what is left then decides which pictures are taken.
 */
function photonInstances() {
  let current: WeakRef<Photon> | undefined
  let broken: WeakRef<Photon>[] = []
  return {
    use(wasm: WebAssembly.Module, needed: number, work: (photon: Photon) => MadePicture): MadePicture {
      broken = broken.filter(reference => reference.deref())
      const lost = broken.reduce((sum, reference) => sum + (reference.deref()?.size() ?? 0), 0)
      const known = current?.deref()
      if (needed > (known?.size() ?? 0) && lost + needed > MEMORY) {
        throw new CannotConvert(
          'the server has no memory left for a picture of this size just now; try again later',
        )
      }
      const photon = known ?? openPhoton(wasm)
      current = new WeakRef(photon)
      try {
        return work(photon)
      } catch {
        current = undefined
        broken.push(new WeakRef(photon))
        throw brokenPicture()
      }
    },
  }
}

/**
 * Bytes, at most: the file is held twice, and scaling takes 16 bytes a pixel of a picture as wide as the
 * source and as high as the result.
 */
function memoryNeeded(picture: Uint8Array, size: PictureSize, scaled: PictureSize): number {
  const decoding = size.width * size.height * bytesPerPixel(picture) + picture.length * 2
  return decoding + size.width * scaled.height * 16 + scaled.width * scaled.height * 12
}

/** What decoding takes at its peak, measured with pictures of 2500 × 2500. */
function bytesPerPixel(picture: Uint8Array): number {
  const [first] = picture
  if (first === 0x52) return 20 // WebP
  if (first === 0x47) return 14 // GIF
  const isDeepPng = first === 0x89 && picture[24] === 16
  return isDeepPng || isProgressiveJpeg(picture) ? 17 : 12
}

function isProgressiveJpeg(picture: Uint8Array): boolean {
  for (const { marker } of jpegSegments(picture)) if (marker === 0xc2) return true
  return false
}

function encode(photon: Photon, picture: Raster): MadePicture {
  return isOpaque(picture.rgba)
    ? { bytes: photon.jpeg(picture, JPEG_QUALITY), contentType: 'image/jpeg' }
    : { bytes: photon.png(picture), contentType: 'image/png' }
}
