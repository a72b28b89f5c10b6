import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect } from 'vitest'
import type { Stage } from '../client/story.ts'
import { newUsers, signToken } from './client.ts'
import type { Instance } from './target.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Bundles a file of the story with the client as it is built, and answers the program. */
export async function bundleStory(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [join(root, 'test/client', entry)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    external: ['node:process'],
    // What ships is what is tested.
    plugins: [
      {
        name: 'built-client',
        setup({ onResolve }) {
          onResolve({ filter: /src\/client\/client\.ts$/ }, () => ({
            path: join(root, 'dist/client/client.js'),
          }))
        },
      },
    ],
  })
}

/** New people on this instance. */
export async function newStage({ url, app_id, secret }: Instance): Promise<Stage> {
  const [anna = 0, ben = 0, cleo = 0] = newUsers(3)
  const token = (user_id: number, exp?: number) =>
    signToken(secret, { app: app_id, role: 1, sub: String(user_id), ...(exp !== undefined && { exp }) })
  return {
    url,
    app: app_id,
    tokens: { anna: await token(anna), ben: await token(ben), cleo: await token(cleo) },
    expired: await token(anna, 1_700_000_000),
    ids: { anna, ben, cleo },
  }
}

/** What the story must have told. */
export function expectStory(told: unknown, { ids }: Stage): void {
  expect(told).toEqual({
    asked: 2,
    name: 'Book club',
    refused: { code: 20011, reason: 'needs_member', status: 200, retryable: false, request: true },
    applied: 'success',
    members: [ids.anna, ids.ben, ids.cleo],
    page: { total: 3, more: true },
    read: 'Chapter 3',
    shared: 'notes.txt',
    recorded: true,
    progress: [9, 9],
    aborted: 'no longer wanted',
    gone: { code: 20001, reason: 'group_not_found', status: 200, retryable: false, request: true },
  })
}
