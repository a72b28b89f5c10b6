import { cpSync } from 'node:fs'
import { join } from 'node:path'
import {
  besideUploads,
  type Finding,
  idleConnections,
  largeFile,
  memoryOver,
  startTimes,
} from './endurance.ts'
import { type Bench, type Measured, measure, median, type Subject, send } from './measure.ts'
import { check, databaseIn, type Prepared, prepare, startService, startYardstick, upload } from './node.ts'
import { readOptions } from './options.ts'
import { binaryContests, earlierContests, startEarlier, startOn } from './other-programs.ts'
import { startLoad } from './processes.ts'
import { note, ownFolder, say, writeJson } from './report.ts'
import { eventRows, growthRows, type Row, type Side, workerRows, workRows } from './rows.ts'
import { type Compared, type Contest, compare, sideBySide } from './side-by-side.ts'
import { eventsPage, streamLag } from './stream-lag.ts'
import { comparisons, findings } from './table.ts'
import { verdictsOf } from './verdict.ts'
import { startWorker } from './worker.ts'

const folder = ownFolder()
const { quick, json, only, soak, rounds, portion, warmUp, scale, crowded, command, binary, earlier } =
  readOptions()

const wanted = (name: string) => name.includes(only)

const load = startLoad()
const subjects = new Map<Side['server'], Subject>()
const bench: Bench = { load, subjects, rounds, portion, warmUp }
const measured: Measured[] = []
const found: Finding[] = []

async function measureAll(title: string, rows: readonly Row[]): Promise<void> {
  const list: Measured[] = []
  for (const row of rows.filter(({ name }) => wanted(name))) {
    note(`${row.name} against ${row.against}`)
    list.push(await measure(bench, row))
  }
  measured.push(...list)
  if (list.length > 0) say(`${title}\n${comparisons(list)}`)
}

note('preparing the data')
const main = await prepare(command, join(folder, 'main'), scale)
/** The same data, for one who must not find the work of others in it. */
function copied(name: string): Prepared {
  const own = join(folder, name)
  cpSync(main.folder, own, { recursive: true })
  return { ...main, folder: own }
}
const [recorded, unrecorded] = [copied('recorded').folder, copied('unrecorded').folder]
const ofBinary = binary === '' ? undefined : ([copied('binary'), copied('besideBinary')] as const)
const besideEarlier = earlier === undefined ? undefined : copied('besideEarlier')
const crowd = await prepare(command, join(folder, 'crowded'), crowded)
const files = join(folder, 'answers')
const service = await startService(command, main.folder)
const world = await upload({ server: service, world: main.world }, files)
subjects.set('service', { server: service, world })
subjects.set('yardstick', {
  server: await startYardstick(join(folder, 'yardstick'), databaseIn(main.folder), files),
  world,
})
subjects.set('recorded', { server: await startService(command, recorded), world: main.world })
subjects.set('unrecorded', {
  server: await startService(command, unrecorded, ['--no-events']),
  world: main.world,
})
subjects.set('crowded', { server: await startService(command, crowd.folder), world: crowd.world })

note('warming up')
for (const server of ['service', 'crowded', 'yardstick'] as const) {
  await send(bench, {
    server,
    path: server === 'yardstick' ? '/select' : '',
    work: 'info',
    connections: 32,
    count: 10_000 / portion,
  })
}
await measureAll('The service against what one would have without it', workRows(scale))
await measureAll(
  'What must not grow (the first costs so many times what the second costs)',
  growthRows({ ...scale, crowd: crowded.crowd }),
)

const beside: Compared[] = []
async function hold(title: string, contests: readonly Contest[], start: () => Promise<void>): Promise<void> {
  const held = contests.filter(({ name }) => wanted(name))
  if (held.length === 0) return
  await start()
  const list: Compared[] = []
  for (const contest of held) {
    note(contest.name)
    list.push(await compare(contest, rounds, warmUp))
  }
  beside.push(...list)
  say(`${title}\n${sideBySide(list)}`)
}
if (ofBinary !== undefined) {
  const [own, other] = ofBinary
  await hold('The binary beside Node', binaryContests(bench), async () => {
    subjects.set('binary', await startOn([binary], own, files))
    subjects.set('besideBinary', await startOn(command, other, files))
  })
}
if (earlier !== undefined && besideEarlier !== undefined) {
  await hold('This build beside an earlier one', earlierContests(bench), async () => {
    subjects.set('earlier', await startEarlier(earlier, scale, join(folder, 'earlier'), files))
    subjects.set('besideEarlier', await startOn(command, besideEarlier, files))
  })
}

await measureAll('What events cost, and what they give', eventRows)
if (wanted('events: lag of a stream')) {
  note('events: lag of a stream')
  found.push(await streamLag(subjects.get('recorded') as Subject, quick ? 400 : 4000))
}
if (wanted('events: a page')) found.push(await eventsPage(subjects.get('recorded') as Subject, 300))

if (wanted('memory')) {
  note('memory')
  await service.stop()
  subjects.set('service', { server: await startService(command, main.folder), world })
  found.push(await memoryOver(bench, 9, Math.ceil(soak / 9)))
}
if (wanted('uploads')) {
  note('beside uploads')
  found.push(await besideUploads(bench, 16))
}
if (wanted('idle connections')) {
  note('idle connections')
  found.push(await idleConnections(bench, quick ? 1_000 : 10_000))
}
if (wanted('large file')) {
  note('large file')
  found.push(await largeFile(subjects.get('service') as Subject, quick ? 64 : 1024))
}
if (wanted('start')) {
  note('start')
  await subjects.get('crowded')?.server.stop()
  found.push(await startTimes(command, crowd.folder, crowded.crowd, quick ? 3 : 7))
}
if (found.length > 0) say(findings(found))

if (!quick && workerRows.some(({ name }) => wanted(name))) {
  note('starting the Worker')
  const worker = await startWorker(join(folder, 'worker'))
  subjects.set('worker', worker)
  await measureAll('Under local workerd, with D1: a simulator, which says little about the edge', workerRows)
}

note('checking the database')
for (const { server } of subjects.values()) await server.stop()
await check(command, main.folder)
load.stop()

const targets = [
  ...measured.flatMap(verdictsOf),
  ...beside.flatMap(it => it.targets),
  ...found.map(({ verdict }) => verdict),
]
const waited = Math.round(median(measured.map(({ a }) => a.waited)) * 100)
say(
  `${targets.filter(({ pass }) => pass).length} of ${targets.length} targets met. Every answer was a success, and cohort check finds nothing wrong.\n`,
)
if (waited > 5) {
  say(
    `The service had to wait for ${waited} % of the CPU time it wanted: other programs were at work, and the clock (but not "by CPU time") measures them too.\n`,
  )
}
if (json !== undefined) {
  const rows = measured.map(it => ({ ...it, targets: verdictsOf(it) }))
  writeJson(json, { quick, rounds, waited, rows, binary: beside, found })
}
