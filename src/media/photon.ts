import { CannotConvert, type Images, type MadePicture, type PictureRequest } from '../platform.ts'
import { exifOrientation } from './exif-orientation.ts'
import { openPhoton, type Photon } from './photon-wasm.ts'
import { brokenPicture, cropMiddle, isOpaque, JPEG_QUALITY, refuseHugePicture, scaledSize, turnUpright } from './picture.ts'
import { type PictureSize, pictureSize } from './picture-size.ts'

/** What a Worker of 128 MB can give away, in bytes. */
const MEMORY = 112_000_000

/**
 * Pictures by photon (Rust's image crate as WebAssembly), for Workers: JPEG, PNG, GIF and WebP up to about six megapixels.
 * `loadWasm` gives the compiled `@cf-wasm/photon/photon.wasm`, and is called for each picture, so that a start pays nothing.
 * Each picture gets an instance of its own: broken pictures make photon panic, and its memory would never shrink.
 */
export function photonImages(loadWasm: () => Promise<WebAssembly.Module>): Images {
  return {
    async resize(picture, request) {
      const size = pictureSize(picture)
      refuseHugePicture(size)
      // 'avif' or 'heic' after the box's length and 'ftyp'.
      if (String.fromCharCode(...picture.subarray(4, 8)) === 'ftyp') {
        throw new CannotConvert('AVIF pictures cannot be converted by this server; upload a JPEG, PNG, GIF or WebP')
      }
      if (!size) throw brokenPicture()
      const orientation = exifOrientation(picture)
      const stored = orientation >= 5 ? { ...request, width: request.height, height: request.width } : request
      refuseTooLarge(size, picture.length, stored)
      const photon = openPhoton(await loadWasm())
      try {
        const scaled = photon.scale(picture, scaledSize(size, stored))
        return encode(photon, turnUpright(request.fit === 'cover' ? cropMiddle(scaled, stored) : scaled, orientation))
      } catch (error) {
        if (error instanceof CannotConvert) throw error
        throw brokenPicture()
      }
    },
  }
}

/**
 * Measured over all four formats: decoding takes up to 16 bytes a pixel beside the file, held twice; scaling takes 16 bytes for each
 * pixel of a picture as wide as the source and as high as the result.
 */
function refuseTooLarge(size: PictureSize, bytes: number, request: PictureRequest): void {
  const scaled = scaledSize(size, request)
  const needed = size.width * size.height * 16 + bytes * 2 + size.width * scaled.height * 16 + scaled.width * scaled.height * 12
  if (needed > MEMORY) {
    throw new CannotConvert(
      `the picture (${size.width} × ${size.height} pixels, ${bytes} bytes) is too large for this server's memory, which allows about 6 megapixels`,
    )
  }
}

function encode(photon: Photon, picture: { rgba: Uint8Array; width: number; height: number }): MadePicture {
  return isOpaque(picture.rgba)
    ? { bytes: photon.jpeg(picture, JPEG_QUALITY), contentType: 'image/jpeg' }
    : { bytes: photon.png(picture), contentType: 'image/png' }
}
