import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { type ErrorName, errors } from '../../src/operation/errors.ts'
import contract from '../contract.json' with { type: 'json' }
import { removeFolder } from '../support/process.ts'
import { type Change, changed, changesSince, textOf } from './changes.ts'
import { played } from './play.ts'
import { type Line, linesOf } from './record-file.ts'
import { startStory } from './service.ts'

/*
 * Clients of a released version work on: what it answered to a story of requests over all operations is what
 * this version answers, byte for byte, but for what changes.ts lists. scripts/record-answers.mjs recorded it.
 */

const released = fileURLToPath(new URL('../fixtures/released', import.meta.url))
// In memory where there is such a folder: it is not about disks, and most requests write.
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'cohort-test-'))

afterAll(() => removeFolder(folder))

const asked = (lines: readonly Line[]) => lines.flatMap(line => ('turn' in line ? [] : [line]))

/**
 * Errors that no request brings about alone, or that have come since, or that only an item of a list is told.
 */
const others: readonly ErrorName[] = [
  'database_failed',
  'not_a_member',
  'file_quarantined',
  'file_unscanned',
  'webhook_not_found',
]
const errorsOfRequests = Object.entries(errors).flatMap(([name, [code]]) =>
  others.includes(name as ErrorName) ? [] : [[code, name] as const],
)

describe.each(readdirSync(released))('a client of %s', version => {
  const lines = linesOf(readFileSync(join(released, version, 'answers.ndjson'), 'utf8'))

  it('was recorded with every route of the reference and every error that a request can bring about', () => {
    const bodies = asked(lines).map(line => ({ line, code: /^\{"code":(\d+)/.exec(line.answered.body)?.[1] }))
    const succeeded = bodies.filter(
      ({ line, code }) => code === '200' || (code === undefined && line.answered.status === 200),
    )
    const routes = new Set(succeeded.map(({ line }) => `${line.method} ${line.path.split('?')[0]}`))
    const reference = contract.operations.flatMap(({ methods, path }) =>
      methods.map(method => `${method} ${path}`),
    )
    expect(reference.filter(route => !routes.has(route))).toEqual([])
    const codes = new Set(bodies.map(({ code }) => Number(code)))
    expect(errorsOfRequests.filter(([code]) => !codes.has(code))).toEqual([])
  })

  it('is answered as it was, but for what has changed on purpose', async () => {
    const { conversation, turn, stop } = await startStory(['node', 'dist/cohort.js'], join(folder, version))
    const used = new Set<Change>()
    try {
      const differences: unknown[] = []
      for await (const { asked, then, now } of played(lines, conversation, turn)) {
        const expected = changed(version, asked, then, used)
        const told = textOf(now)
        if (told !== expected) differences.push({ asked, expected, told })
      }
      expect(differences).toEqual([])
      // A change that no answer shows any more has to go from the list.
      expect(changesSince(version).filter(change => !used.has(change))).toEqual([])
    } finally {
      await stop()
    }
  })
})
