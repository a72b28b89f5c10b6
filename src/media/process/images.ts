import { CannotConvert, type Images } from '../../platform.ts'
import type { DecodeCost } from '../decode-cost.ts'
import { hasThumbnail } from '../media-types.ts'
import { brokenPicture, refuseHugePicture, tooLargeHere } from '../picture.ts'
import { pictureSize } from '../picture-size.ts'
import { sniff } from '../sniff.ts'
import { pictureLane } from './lane.ts'
import { memoryBudget } from './memory-budget.ts'

/**
 * Pictures that need at most this much memory (bytes) are made in lanes of their own, beside the large ones.
 * Large pictures wait for one another.
 */
const SMALL = 32_000_000
export const MAX_CONVERTER_BYTES = 130_000_000

/**
 * What a converter may take at most, bytes: the program itself and its libraries, and about twice what the picture's
 * header says, since estimates are rough. A converter that takes more is stopped.
 */
const maxRssFor = (neededBytes: number): number => Math.min(280_000_000, 125_000_000 + 2.2 * neededBytes)

/** What all converters may take together, bytes. Half of each one's memory is the same pages of the same program. */
const MAX_CONVERTERS_BYTES = 375_000_000

/**
 * Decodes pictures in separate processes, for servers. Anybody may have sent a picture. In a process of its
 * own it can neither crash the service nor fill its memory. `command` starts a converter, which gets only
 * pictures and answers only pictures. `costOf` tells how much memory a picture takes there.
 */
export function processImages(command: readonly string[], costOf: DecodeCost): Images {
  const memory = memoryBudget(MAX_CONVERTERS_BYTES)
  // Two lanes, so that a slow picture does not hold up all others.
  const small = [60_000, 10_000].map(idleMs => pictureLane(command, { memory, idleMs }))
  const large = pictureLane(command, { memory, idleMs: 1000 })
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
      const { header, content } = await lane.convert({ request, picture, maxRssBytes: maxRssFor(needed) })
      if ('refused' in header) throw new CannotConvert(header.refused)
      return { bytes: content, contentType: header.contentType }
    },
  }
}
