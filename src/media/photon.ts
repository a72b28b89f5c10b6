import { CannotConvert, type Images, type MadePicture, type PictureRequest } from '../platform.ts'
import { exifOrientation } from './exif-orientation.ts'
import { jpegSegments } from './jpeg-segments.ts'
import { openPhoton, type Photon } from './photon-wasm.ts'
import { brokenPicture, cropMiddle, isOpaque, JPEG_QUALITY, type Raster, refuseHugePicture, scaledSize, turnUpright } from './picture.ts'
import { type PictureSize, pictureSize } from './picture-size.ts'

/** What a Worker of 128 MB can give away, in bytes. */
const MEMORY = 112_000_000

/**
 * Pictures by photon (Rust's image crate as WebAssembly), for Workers: JPEG, PNG, GIF and WebP of some five to eight megapixels.
 * `loadWasm` gives the compiled `@cf-wasm/photon/photon.wasm`; it is called for each picture, so that a start pays nothing.
 */
export function photonImages(loadWasm: () => Promise<WebAssembly.Module>): Images {
  // Its memory never shrinks, so the garbage collector may have an idle instance; a busy one is used again, as two would not fit.
  let last: WeakRef<Photon> | undefined
  return {
    async resize(picture, request) {
      const size = pictureSize(picture)
      refuseHugePicture(size)
      // Only an AVIF has a box of this name here, among what callers send.
      if (String.fromCharCode(...picture.subarray(4, 8)) === 'ftyp') {
        throw new CannotConvert('AVIF pictures cannot be converted by this server; upload a JPEG, PNG, GIF or WebP')
      }
      if (!size) throw brokenPicture()
      const orientation = exifOrientation(picture)
      const stored = orientation >= 5 ? { ...request, width: request.height, height: request.width } : request
      refuseTooLarge(picture, size, stored)
      const wasm = await loadWasm()
      try {
        const photon = last?.deref() ?? openPhoton(wasm)
        last = new WeakRef(photon)
        const scaled = photon.scale(picture, scaledSize(size, stored))
        return encode(photon, turnUpright(request.fit === 'cover' ? cropMiddle(scaled, stored) : scaled, orientation))
      } catch {
        last = undefined
        throw brokenPicture()
      }
    },
  }
}

/** Throws `CannotConvert` when the Worker could run out of memory, which would fail every other request in it. */
function refuseTooLarge(picture: Uint8Array, size: PictureSize, request: PictureRequest): void {
  const scaled = scaledSize(size, request)
  // The file is held twice; scaling takes 16 bytes for each pixel of a picture as wide as the source and as high as the result.
  const decoding = size.width * size.height * bytesPerPixel(picture) + picture.length * 2
  const scaling = size.width * scaled.height * 16 + scaled.width * scaled.height * 12
  if (decoding + scaling > MEMORY) {
    throw new CannotConvert(
      `the picture (${size.width} × ${size.height} pixels, ${picture.length} bytes) is too large for this server's memory; make it smaller than 5 megapixels`,
    )
  }
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
