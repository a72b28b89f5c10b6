import { collectReleased } from './collect-released.ts'
import { collectUnfinished } from './collect-unfinished.ts'
import { deliverWebhooks } from './deliver-webhooks.ts'
import { eraseUsers } from './erase-users.ts'
import { expireFiles } from './expire-files.ts'
import { forgetKeys } from './forget-keys.ts'
import type { Job } from './job.ts'
import { scanFiles } from './scan-files.ts'
import { sealEvents } from './seal-events.ts'
import { sweepApps } from './sweep-apps.ts'
import { sweepGroups } from './sweep-groups.ts'
import { tellHeads } from './tell-heads.ts'
import { tidyStore } from './tidy-store.ts'
import { trimEvents } from './trim-events.ts'

/**
 * Everything that the service does by itself. Jobs do not know of one another, so a failing job does not stop
 * the others.
 */
export const jobs: readonly Job[] = [
  deliverWebhooks,
  eraseUsers,
  scanFiles,
  sweepApps,
  sweepGroups,
  tidyStore,
  collectUnfinished,
  expireFiles,
  collectReleased,
  sealEvents,
  tellHeads,
  trimEvents,
  forgetKeys,
]
