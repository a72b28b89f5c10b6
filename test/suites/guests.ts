import type { Suite } from './all.ts'
import { hostileBodies } from './guests/bodies.ts'
import { fairShares } from './guests/shares.ts'

/**
 * What a guest with an ordinary token must not be able to do: stop the service for others, take its memory or
 * its disk, or have what is not theirs (SECURITY.md).
 */
export const guestSuites: Readonly<Record<string, Suite>> = {
  'guests, hostile bodies': hostileBodies,
  'guests, fair shares': fairShares,
}
