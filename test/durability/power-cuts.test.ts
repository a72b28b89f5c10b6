import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installed } from '../support/installed.ts'
import { removeFolder, temporaryFolder } from '../support/process.ts'
import { buildBinary, programs } from '../support/programs.ts'
import { buildImage } from './power-cuts/image.ts'
import { judge } from './power-cuts/judge.ts'
import { type Fact, record } from './power-cuts/record.ts'
import { readTrace, type Trace } from './power-cuts/trace.ts'
import { Chance } from './simulation/chance.ts'

/*
 * Power cuts: the system calls of a run are recorded, and disks are built as a cut at a random moment leaves
 * them. Each is opened, and everything that was answered before the cut must be on it. POWER_CUTS=n makes n
 * cuts for each home.
 */

const cuts = Number(process.env.POWER_CUTS ?? 200)
const folder = temporaryFolder()
/** Images are small and many: in memory where there is such a place. */
const fast = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'cohort-cuts-'))
const binary = join(folder, 'cohort')

beforeAll(() => buildBinary(binary))
afterAll(async () => {
  await removeFolder(folder)
  await removeFolder(fast)
})

interface Recorded {
  readonly trace: Trace
  readonly facts: readonly Fact[]
  readonly root: string
}

/** The newest event and the newest version of each group that anybody was told before. */
function toldBefore({ events, versions }: Trace, at: number): Fact[] {
  const newest = Math.max(0, ...events.flatMap(event => (event.at < at ? event.seq : [])))
  const newestOf = new Map<number, number>()
  for (const { at: toldAt, group_id, version } of versions)
    if (toldAt < at) newestOf.set(group_id, Math.max(version, newestOf.get(group_id) ?? 0))
  const fact = (what: string, sql: string): Fact => ({ request: 'a reader of events', what, sql })
  return [
    ...(newest === 0 ? [] : [fact(`event ${newest}`, `SELECT 1 FROM events WHERE seq = ${newest}`)]),
    ...[...newestOf].map(([group_id, version]) =>
      fact(
        `version ${version} of a group`,
        `SELECT 1 FROM groups WHERE group_id = ${group_id} AND version >= ${version}`,
      ),
    ),
  ]
}

/** What is wrong after a cut at this place, with this seed. */
async function cutOnce(
  { trace, facts, root }: Recorded,
  seed: number,
  withoutSyncs = false,
): Promise<string[]> {
  const chance = new Chance(seed)
  const first = Math.min(...trace.answers.values())
  const at = first + chance.below(trace.end - first) + 1
  const answered = facts.filter(
    ({ request }) => (trace.answers.get(request) ?? Number.POSITIVE_INFINITY) < at,
  )
  const told = [...answered, ...toldBefore(trace, at)]
  const image = join(fast, `image-${seed}`)
  buildImage(trace, root, image, { at, withoutSyncs }, chance)
  const wrong = await judge(image, told)
  await removeFolder(image)
  return wrong.map(text => `seed ${seed}, cut at line ${at} of ${trace.end}: ${text}`)
}

describe.skipIf(!installed('strace')).each(Object.entries(programs(binary)))(
  'power cuts with %s',
  (name, program) => {
    let recorded: Recorded
    beforeAll(async () => {
      const root = join(folder, `data-${name}`)
      const file = join(folder, `${name}.strace`)
      const facts = await record(program, root, file, undefined)
      recorded = { trace: await readTrace(file, resolve(root)), facts, root: resolve(root) }
      await removeFolder(file)
    }, 600_000)

    it(`${cuts} of them lose nothing that was answered`, async () => {
      const { trace, facts } = recorded
      expect(facts.every(({ request }) => trace.answers.has(request))).toBe(true)
      expect(trace.events.length).toBeGreaterThan(100)
      expect(trace.versions.length).toBeGreaterThan(20)
      const wrong: string[] = []
      for (let seed = 1; seed <= cuts && wrong.length < 10; seed++)
        wrong.push(...(await cutOnce(recorded, seed)))
      expect(wrong).toEqual([])
    }, 3_600_000)

    it('would be noticed to lose something if no sync did anything', async () => {
      let losses = 0
      for (let seed = 1; seed <= 12; seed++) if ((await cutOnce(recorded, seed, true)).length > 0) losses++
      expect(losses).toBeGreaterThan(3)
    })
  },
)
