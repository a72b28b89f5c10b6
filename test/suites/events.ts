import { describe } from 'vitest'
import type { Suite } from './all.ts'
import { crashingSuite } from './events/crash.ts'
import { feedSuite } from './events/feed.ts'
import { idempotencySuite } from './events/idempotency.ts'
import { rebuildSuite } from './events/rebuild.ts'
import { streamsSuite } from './events/streams.ts'
import { syncSuite } from './events/sync.ts'
import { toldSuite } from './events/told.ts'

/** What happened, told reliably (docs/events.md). */
export const eventsSuite: Suite = (...args) => {
  describe('what operations tell', () => toldSuite(...args))
  describe('the feed', () => feedSuite(...args))
  describe('streams', () => streamsSuite(...args))
  describe('sync', () => syncSuite(...args))
  describe('an Idempotency-Key', () => idempotencySuite(...args))
  describe('readers', () => rebuildSuite(...args))
  describe('over crashes', () => crashingSuite(...args))
}
