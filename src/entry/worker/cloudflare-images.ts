import { exifOrientation } from '../../media/exif.ts'
import { brokenPicture, scaledSize, TooLargeHere } from '../../media/picture.ts'
import { pictureSize } from '../../media/picture-size.ts'
import { sniff } from '../../media/sniff.ts'
import { type Bytes, CannotConvert, type Images, type PictureRequest } from '../../platform.ts'

/** The binding IMAGES: Cloudflare Images. */
export interface ImagesLike {
  input(picture: ReadableStream<Uint8Array>): {
    transform(transform: Readonly<Record<string, unknown>>): {
      output(output: {
        readonly format: 'image/jpeg' | 'image/png'
      }): Promise<{ image(): ReadableStream<Uint8Array> }>
    }
  }
}

/** Types of pictures that have no transparent parts. All others become PNG. */
const isOpaqueType = (mime: string): boolean => mime === 'image/jpeg' || mime === 'image/heic'

/**
 * Makes pictures with `own`, and those that are too large for a Worker with Cloudflare Images. Own decoding
 * comes first, because Cloudflare Images costs money for each picture.
 */
export const withCloudflareImages = (own: Images, binding: ImagesLike): Images => ({
  async resize(picture, request) {
    try {
      return await own.resize(picture, request)
    } catch (error) {
      if (!(error instanceof TooLargeHere)) throw error
    }
    const { mime } = await sniff(picture)
    const contentType = request.format === 'jpeg' || isOpaqueType(mime) ? 'image/jpeg' : 'image/png'
    try {
      const made = await binding
        .input(new Blob([picture]).stream())
        .transform(transformOf(picture, request, contentType))
        .output({ format: contentType })
      return { bytes: new Uint8Array(await new Response(made.image()).arrayBuffer()), contentType }
    } catch (error) {
      throw new CannotConvert(
        'Cloudflare Images cannot convert this picture: upload it smaller or as a JPEG',
        {
          cause: error,
        },
      )
    }
  },
})

function transformOf(picture: Bytes, request: PictureRequest, contentType: string) {
  const stored = pictureSize(picture)
  if (stored === undefined) throw brokenPicture()
  const isOnItsSide = exifOrientation(picture) >= 5
  const size = isOnItsSide ? { width: stored.height, height: stored.width } : stored
  // The exact size is given, because the local simulator knows no `fit`.
  const wanted = request.fit === 'inside' ? scaledSize(size, request) : request
  return {
    width: wanted.width,
    height: wanted.height,
    fit: request.fit === 'inside' ? 'scale-down' : 'cover',
    // A JPEG has no transparent parts.
    ...(contentType === 'image/jpeg' && { background: '#ffffff' }),
  }
}
