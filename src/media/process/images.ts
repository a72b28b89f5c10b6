import { CannotConvert, type Images } from '../../platform.ts'
import type { DecodeCost } from '../decode-cost.ts'
import { hasThumbnail } from '../media-types.ts'
import { brokenPicture, refuseHugePicture, tooLargeHere } from '../picture.ts'
import { pictureSize } from '../picture-size.ts'
import { sniff } from '../sniff.ts'
import { pictureLane } from './lane.ts'

/**
 * Pictures that need at most this much memory (bytes) are made in lanes of their own, beside the large ones.
 * Large pictures wait for one another.
 */
const SMALL = 32_000_000
export const MAX_CONVERTER_BYTES = 130_000_000

/**
 * Memory that a converter itself takes, plus what a picture may take beyond the estimate from its header;
 * bytes. A converter that takes more is stopped.
 */
const OVERHEAD = 150_000_000

/**
 * Decodes pictures in separate processes, for servers. Anybody may have sent a picture. In a process of its
 * own it can neither crash the service nor fill its memory. `command` starts a converter, which gets only
 * pictures and answers only pictures. `costOf` tells how much memory a picture takes there.
 */
export function processImages(command: readonly string[], costOf: DecodeCost): Images {
  // Two lanes, so that a slow picture does not hold up all others.
  const small = [60_000, 10_000].map(idleMs =>
    pictureLane(command, { maxRssBytes: SMALL + OVERHEAD, idleMs }),
  )
  const large = pictureLane(command, { maxRssBytes: MAX_CONVERTER_BYTES + OVERHEAD, idleMs: 1000 })
  return {
    async resize(picture, request) {
      const { mime } = await sniff(picture)
      const size = pictureSize(picture)
      if (!hasThumbnail(mime) || !size) throw brokenPicture()
      refuseHugePicture(size)
      const needed = costOf(mime, picture, size)
      if (needed > MAX_CONVERTER_BYTES) throw tooLargeHere(size)
      const lanes = needed <= SMALL ? small : [large]
      const lane = lanes.reduce((one, other) => (other.busy() < one.busy() ? other : one))
      const { header, content } = await lane.convert(request, picture)
      if ('refused' in header) throw new CannotConvert(header.refused)
      return { bytes: content, contentType: header.contentType }
    },
  }
}
