import type { ByteStream } from '../../platform.ts'
import { FORMATS } from './formats.ts'
import { changedBy } from './steps.ts'

/**
 * Removes the location, names of people and serial numbers from a picture of this content type. They are
 * overwritten in place. So the length, the pixels, the orientation and the colours stay the same.
 */
export function withoutLocation(picture: ByteStream, contentType: string): ByteStream {
  const steps = FORMATS.get(contentType)
  return steps === undefined ? picture : changedBy(steps(), picture)
}

/**
 * Whether `withoutLocation` would change this picture. Reads no further than it must, and ends the stream.
 */
export async function tellsLocation(picture: ByteStream, contentType: string): Promise<boolean> {
  const steps = FORMATS.get(contentType)
  let isTold = false
  const stream = steps
    ? changedBy(steps(), picture, () => {
        isTold = true
      })
    : picture
  const reader = stream.getReader()
  while (steps !== undefined && !isTold && !(await reader.read()).done);
  await reader.cancel().catch(() => undefined)
  return isTold
}
