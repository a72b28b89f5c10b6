import type { ByteStream } from '../../platform.ts'
import { FORMATS } from './formats.ts'
import { changedBy } from './steps.ts'

/**
 * Removes the location, names of people and serial numbers from a picture of this content type. They are overwritten
 * in place. So the length, the pixels, the orientation and the colours stay the same.
 */
export function withoutLocation(picture: ByteStream, contentType: string): ByteStream {
  const steps = FORMATS.get(contentType)
  return steps === undefined ? picture : changedBy(steps(), picture)
}
