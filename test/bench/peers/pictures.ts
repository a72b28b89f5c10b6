import sharp from 'sharp'

/** So many pictures of 12 megapixels that differ, and take the same work. */
export interface Pictures {
  readonly count: number
  /** The bytes of the n-th. */
  picture(n: number): Uint8Array<ArrayBuffer>
}

const width = 4000
const height = 3000

/** A photo's worth of detail: as a JPEG it takes 3 MB, as those of phones do. */
export async function makePictures(count: number): Promise<Pictures> {
  const noise = { type: 'gaussian', mean: 128, sigma: 45 } as const
  const grain = await sharp({ create: { width, height, channels: 3, background: '#777', noise } })
    .blur(0.7)
    .png({ compressionLevel: 1 })
    .toBuffer()
  const shapes = Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><defs><linearGradient id="g" x2="1" y2="1"><stop stop-color="#247"/><stop offset="1" stop-color="#fc8"/></linearGradient></defs><rect width="100%" height="100%" fill="url(#g)"/><circle cx="1300" cy="1500" r="900" fill="#a33"/><circle cx="2700" cy="1200" r="700" fill="#3a6"/></svg>`,
  )
  const jpeg = await sharp(shapes)
    .composite([{ input: grain, blend: 'soft-light' }])
    .removeAlpha()
    .jpeg({ quality: 90 })
    .toBuffer()
  return {
    count,
    picture(n) {
      // A comment after the marker that begins the picture tells one from the other.
      const text = Buffer.from(`picture ${n}`)
      const comment = Buffer.concat([Buffer.from([0xff, 0xfe, 0, text.length + 2]), text])
      return new Uint8Array(Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2)]))
    },
  }
}
