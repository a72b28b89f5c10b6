import { join } from 'node:path'
import { afterEach, beforeEach, expect } from 'vitest'
import { type Answer, Client, signToken } from './client.ts'
import { type Finished, freePort, removeFolder, run, startServer, temporaryFolder } from './process.ts'

/**
 * The program as it ships, with `data` in a folder of each test's own as its data. Each call starts it anew.
 * To be called where a `describe` begins.
 */
export function commandLine() {
  let folder: string
  beforeEach(() => {
    folder = temporaryFolder()
  })
  afterEach(() => removeFolder(folder))
  /** Of this name in the folder; the folder itself without one. */
  const path = (...names: string[]): string => join(folder, ...names)
  const cohort = (args: string, environment: Record<string, string> = {}): Promise<Finished> =>
    run(['node', 'dist/cohort.js', ...args.split(' ').filter(word => word !== '')], {
      DATA_DIR: path('data'),
      ...environment,
    })
  const succeed = async (args: string, environment: Record<string, string> = {}): Promise<string> => {
    const finished = await cohort(args, environment)
    expect(finished).toMatchObject({ code: 0, stderr: '' })
    return finished.stdout
  }
  /** Runs the service with a first app, does something, and ends it; answers what it printed. */
  const serving = async (
    environment: Record<string, string>,
    action: (url: string) => Promise<void> = async () => {},
  ): Promise<string> => {
    const PORT = String(await freePort())
    const url = `http://127.0.0.1:${PORT}`
    const running = await startServer(
      ['node', 'dist/cohort.js', 'serve'],
      { DATA_DIR: path('data'), PORT, ...environment },
      url,
    )
    try {
      await action(url)
    } finally {
      expect(await running.end('SIGTERM')).toBe(0)
    }
    return running.output()
  }
  return { path, cohort, succeed, serving }
}

/** A user of the service there, with this token. */
export const userOf = (app_id: string, url: string, token: string): Client =>
  new Client({ app_id, url, secret: '' }, { app_id, 'access-token': token })

/** What a user with a token of this key is told of their groups. */
export const listedBy = async (app_id: string, url: string, key: string): Promise<Answer> =>
  userOf(app_id, url, await signToken(key, { app: app_id, role: 1, sub: '1' })).get('/group/user_joined')

/**
 * A failure that a person can use: the code, nothing on stdout, and on stderr a sentence first, without a
 * stack.
 */
export function expectFailure({ code, stdout, stderr }: Finished, expected: number, saying: RegExp): void {
  expect({ code, stdout, stderr }).toMatchObject({ code: expected, stdout: '' })
  const [sentence = ''] = stderr.split('\n')
  expect(sentence).toMatch(/^cohort: \S/)
  expect(sentence).toMatch(saying)
  expect(stderr).not.toMatch(/^\s+at |Error:|node:internal|\.[jt]s:\d/m)
}
