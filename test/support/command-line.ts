import { join } from 'node:path'
import { expect } from 'vitest'
import { type Finished, run } from './process.ts'

/** The program as it ships, with `data` in this folder as its data. Each call starts it anew. */
export function commandLine(folder: () => string) {
  const cohort = (args: string, environment: Record<string, string> = {}): Promise<Finished> =>
    run(['node', 'dist/cohort.js', ...args.split(' ').filter(word => word !== '')], {
      DATA_DIR: join(folder(), 'data'),
      ...environment,
    })
  const succeed = async (args: string, environment: Record<string, string> = {}): Promise<string> => {
    const finished = await cohort(args, environment)
    expect(finished).toMatchObject({ code: 0, stderr: '' })
    return finished.stdout
  }
  return { cohort, succeed }
}

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
