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
 * Large pictures wait for one another. Two small ones fit into the memory of all converters on Node.js and
 * Deno, and most photos of phones are small.
 */
const SMALL = 35_000_000
export const MAX_CONVERTER_BYTES = 130_000_000

/** What converters take by themselves, bytes, measured with small pictures and with large ones of noise. */
export const V8_CONVERTER_BYTES = 110_000_000
export const BUN_CONVERTER_BYTES = 160_000_000

/** What a converter may take at most, bytes. One that takes more is stopped. */
const MAX_ONE_BYTES = 280_000_000

/** What all converters may take together, bytes. */
const MAX_CONVERTERS_BYTES = 375_000_000

/** What a converter may keep after a picture, as a share of what it takes by itself. */
const KEPT_SHARE = 0.7

/**
 * Decodes pictures in separate processes, for servers. Anybody may have sent a picture. In a process of its
 * own it can neither crash the service nor fill its memory. `command` starts a converter, which gets only
 * pictures and answers only pictures. `costOf` tells how much memory a picture takes there, and `ownBytes`
 * how much the converter takes by itself: its runtime, its codecs, and garbage that was not collected yet.
 */
export function processImages(command: readonly string[], costOf: DecodeCost, ownBytes: number): Images {
  const memory = memoryBudget(MAX_CONVERTERS_BYTES)
  // Two lanes, so that a slow picture does not hold up all others.
  const maxIdleBytes = KEPT_SHARE * ownBytes
  const small = [60_000, 10_000].map(idleMs => pictureLane(command, { memory, idleMs, maxIdleBytes }))
  const large = pictureLane(command, { memory, idleMs: 1000, maxIdleBytes })
  // Twice what the header says, since estimates are rough.
  const maxBytesFor = (needed: number) => Math.min(MAX_ONE_BYTES, ownBytes + 2.2 * needed)
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
      const { header, content } = await lane.convert({ request, picture, maxBytes: maxBytesFor(needed) })
      if ('refused' in header) throw new CannotConvert(header.refused)
      return { bytes: content, contentType: header.contentType }
    },
  }
}
