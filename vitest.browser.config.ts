import { defineConfig } from 'vitest/config'

/**
 * The tests that need Chromium (`apt-get install chromium`), apart from `npm test`, which needs nothing but
 * what npm installs.
 */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
