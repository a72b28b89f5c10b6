import type { Job } from './job.ts'

/** Removes temporary files of uploads that were cut off when a process ended. */
export const tidyStore: Job = {
  name: 'tidy-store',
  title: 'remove temporary files that crashes left behind',
  everyMs: 30_000,
  async run({ blobs, clock }) {
    await blobs.tidy?.(clock())
    return {}
  },
}
