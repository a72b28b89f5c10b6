import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { growthOf, memoryOver, startTimes } from './endurance.ts'
import { type Bench, type Measured, measure, median, type Subject, send } from './measure.ts'
import { check, databaseIn, prepare, startService, startYardstick, upload } from './node.ts'
import { startLoad } from './processes.ts'
import { growthRows, type Row, type Side, short, workerRows, workRows } from './rows.ts'
import type { Scale } from './seed.ts'
import { comparisons, megabytes, table, verdicts } from './table.ts'
import { judged, type Verdict, verdictsOf } from './verdict.ts'
import { startWorker } from './worker.ts'

const usage = `Usage: npm run bench -- [options]

Measures the service against a yardstick in the same run, and prints tables. Fails if any answer is wrong, not if a target is missed.

  --quick             under a minute: smaller groups, fewer rounds, no Worker
  --json FILE         also write everything as JSON
  --only TEXT         only rows whose name contains this
  --rounds N          rounds of each row
  --service COMMAND   another command than the one built: "dist/cohort", or an older build to compare with
`

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    only: { type: 'string', default: '' },
    rounds: { type: 'string' },
    service: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (options.help) {
  process.stdout.write(usage)
  process.exit(0)
}
const { quick } = options
const rounds = Number(options.rounds ?? (quick ? 3 : 5))
const portion = quick ? 0.1 : 1
const warmUp = quick ? 1 : 0.25
const scale: Scale = quick ? { middle: 10_000, large: 100_000, crowd: 0 } : { middle: 10_000, large: 1_000_000, crowd: 0 }
const crowd = quick ? 100_000 : 1_000_000
const crowded: Scale = { middle: 2_000, large: 2_000, crowd }
const command = options.service?.split(' ') ?? [process.execPath, join(import.meta.dirname, 'cohort.js')]

// Beside the build and not in the system's temporary folder, which may be memory: a commit would cost nothing there.
const folder = mkdtempSync(join(import.meta.dirname, 'data-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

const say = (text: string) => void process.stdout.write(text)
const note = (text: string) => void process.stderr.write(`${text}\n`)
const wanted = (row: { readonly name: string }) => row.name.includes(options.only)

const load = startLoad()
const subjects = new Map<Side['server'], Subject>()
const bench: Bench = { load, subjects, rounds, portion, warmUp }
const measured: Measured[] = []
async function measureAll(title: string, rows: readonly Row[]): Promise<void> {
  const list: Measured[] = []
  for (const row of rows.filter(wanted)) {
    note(`… ${row.name} against ${row.against}`)
    list.push(await measure(bench, row))
  }
  measured.push(...list)
  if (list.length > 0) say(`\n${title}\n${comparisons(list)}`)
}

note('… preparing the data')
const main = await prepare(command, join(folder, 'main'), scale)
const large = await prepare(command, join(folder, 'crowded'), crowded)
const files = join(folder, 'answers')
const service = await startService(command, main.folder)
const world = await upload({ server: service, world: main.world }, files)
const yardstick = await startYardstick(join(folder, 'yardstick'), databaseIn(main.folder), files)
subjects.set('service', { server: service, world })
subjects.set('yardstick', { server: yardstick, world })
subjects.set('crowded', { server: await startService(command, large.folder), world: large.world })

note('… warming up')
for (const [server, path] of [
  ['service', ''],
  ['crowded', ''],
  ['yardstick', '/select'],
] as const) {
  await send(bench, { server, path, work: 'info', connections: 32, count: 10_000 / portion })
}
await measureAll('The service against what one would have without it', workRows(scale))
await measureAll('What must not grow (A costs so many times what B costs)', growthRows({ ...scale, crowd }))

const others: {
  readonly name: string
  readonly values: Readonly<Record<string, number | readonly number[]>>
  readonly shown: string
  readonly verdict: Verdict
}[] = []
if (wanted({ name: 'memory' })) {
  note('… memory')
  await service.stop()
  subjects.set('service', { server: await startService(command, main.folder), world })
  const memory = await memoryOver(bench, quick ? 6 : 12)
  const growth = growthOf(memory)
  others.push({
    name: 'memory, second half of the requests to first',
    values: { memory, growth },
    shown: `${memory.map(megabytes).join(' ')} MB`,
    verdict: judged({ atMost: 1.1 }, growth),
  })
}
if (wanted({ name: 'start' })) {
  note('… start')
  await subjects.get('crowded')?.server.stop()
  const { min, median, max } = await startTimes(command, large.folder, quick ? 3 : 7)
  const shown = `${[min, median, max].map(ms => ms.toFixed(0)).join(' ')} ms`
  others.push({
    name: `start with ${short(crowd)} groups`,
    values: { min, median, max },
    shown,
    verdict: judged({ atMost: 500 }, median, ' ms'),
  })
}
if (others.length > 0)
  say(
    `\n${table(
      ['what', 'measured', 'target'],
      others.map(({ name, shown, verdict }) => [name, shown, verdicts([verdict])]),
      new Set([0, 1, 2]),
    )}`,
  )

if (!quick) {
  note('… the Worker')
  const worker = await startWorker(join(folder, 'worker'))
  subjects.set('worker', worker)
  await measureAll('Under local workerd, with D1', workerRows)
  await worker.server.stop()
}

note('… checking the database')
for (const name of ['service', 'yardstick', 'crowded'] as const) await subjects.get(name)?.server.stop()
await check(command, main.folder)
load.stop()

const all = [...measured.flatMap(verdictsOf), ...others.map(({ verdict }) => verdict)]
const met = all.filter(({ pass }) => pass).length
const waited = median(measured.map(({ a }) => a.waited))
say(`\n${met} of ${all.length} targets met. Every answer was a success, and cohort check finds nothing wrong.\n`)
say(
  `The service waited ${(waited * 100).toFixed(0)} % of the time that it wanted a CPU. Where that is more than a few, other programs were at work: latencies say little.\n`,
)
if (options.json !== undefined) {
  const machine = { cpus: cpus().length, cpu: cpus()[0]?.model, platform: process.platform, node: process.version }
  const rows = measured.map(it => ({ ...it, targets: verdictsOf(it) }))
  writeFileSync(
    options.json,
    `${JSON.stringify({ at: new Date().toISOString(), machine, quick, rounds, scale: { ...scale, crowd }, rows, others }, null, 2)}\n`,
  )
}
