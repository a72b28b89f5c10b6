import { auditCsv, auditLines } from '../../audit/export.ts'
import { type KnownHead, type Verdict, verifyApp } from '../../audit/verify.ts'
import type { SerialEngine } from '../../db/engine.ts'
import { allApps, appRow, toApp } from '../../tenant/registry.ts'
import { read } from '../../transfer/read.ts'
import { nativeSha256 } from '../sha256.ts'
import { type Command, type Invocation, required, UsageError } from './command.ts'
import { openData } from './data.ts'
import { writeOut, writeTo } from './text-output.ts'
import { refuseOverwriting, writeWhole } from './whole-file.ts'

/** The most problems of an app that are printed. */
const maxPrinted = 100

export const auditCommand: Command = {
  name: 'audit',
  summary: 'write out who did what, and check that nobody changed it',
  help: `Usage: cohort audit export --app ID [--format ndjson|csv] [--from TIME] [--to TIME] [FILE]
       cohort audit verify [--app ID [--head NUMBER:HASH]]

export writes the recorded events of an app, the oldest first, to FILE or to the output.
  --format      ndjson (the default) or csv
  --from TIME   only events since this time: 2026-01-31, 2026-01-31T12:00:00Z, or milliseconds since 1970
  --to TIME     only events before this time
  --force       replaces FILE if it exists

verify checks the chain of an app, or of all apps, against the events: an event or a batch that was changed, deleted or inserted is named.
  --head        also demands that the chain contains this head, as the log and every backup tell it

May run beside the service. The exit code of verify is 1 if anything is wrong.
`,
  options: {
    app: { type: 'string' },
    format: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    head: { type: 'string', multiple: true },
    force: { type: 'boolean' },
  },
  async run(invocation) {
    const [verb = '', ...rest] = invocation.positionals
    if (verb !== 'export' && verb !== 'verify')
      throw new UsageError(verb === '' ? 'say export or verify' : `there is no "audit ${verb}"`)
    return verb === 'export' ? exportEvents(invocation, rest) : verify(invocation, rest)
  },
}

async function exportEvents(invocation: Invocation, [file, another]: readonly string[]): Promise<number> {
  const { runtime, config, options } = invocation
  const app_id = required(invocation, 'app')
  const { format = 'ndjson' } = options
  if (another !== undefined) throw new UsageError(`unexpected argument "${another}"`)
  if (format !== 'ndjson' && format !== 'csv') throw new UsageError('--format must be ndjson or csv')
  const between = { from: timeOption(invocation, 'from') ?? 0, to: timeOption(invocation, 'to') }
  if (file !== undefined) refuseOverwriting(file, options.force, config)
  const { engine } = openData(runtime, config)
  try {
    // The whole export sees one snapshot.
    engine.exec('BEGIN')
    const { epoch } = appIn(engine, app_id)
    const text = (format === 'csv' ? auditCsv : auditLines)(engine, { app_id, epoch, ...between })
    // What was read is on disk when the export is done, also what the service has not synced yet.
    const onDisk = async () => {
      engine.exec('COMMIT')
      await engine.repair()
    }
    if (file === undefined) {
      await writeOut(text)
      await onDisk()
    } else
      await writeWhole(file, async temporary => {
        await writeTo(temporary, text)
        await onDisk()
      })
  } finally {
    engine.close()
  }
  return 0
}

async function verify(invocation: Invocation, [unexpected]: readonly string[]): Promise<number> {
  const { runtime, config, options, print } = invocation
  if (unexpected !== undefined) throw new UsageError(`unexpected argument "${unexpected}"`)
  const { app } = options
  const known = knownHeads(options.head)
  if (known.length > 0 && app === undefined) throw new UsageError('--head goes with --app')
  const { engine } = openData(runtime, config)
  let isSound = true
  const reports: string[] = []
  try {
    // All reads see one snapshot. Otherwise the changes of a running service would look like wrong ones.
    engine.exec('BEGIN')
    const ids = typeof app === 'string' ? [app] : read(engine, allApps({})).map(({ app_id }) => app_id)
    for (const app_id of ids) {
      const verdict = await verifyApp(appIn(engine, app_id), {
        read: bound => read(engine, bound),
        hash: nativeSha256,
        now: Date.now(),
        known,
      })
      if (verdict.problems > 0) isSound = false
      reports.push(reportOf(app_id, verdict))
    }
    engine.exec('ROLLBACK')
    // A head that a power cut takes back would look like a chain that was made anew.
    await engine.repair()
    for (const report of reports) print(report)
  } finally {
    engine.close()
  }
  return isSound ? 0 : 1
}

function reportOf(app_id: string, verdict: Verdict): string {
  const { batches, events, erased, unsealed, deletedTo, head, problems, named } = verdict
  const facts = [
    `${events} events in ${batches} batches`,
    ...(erased > 0 ? [`${erased} erased`] : []),
    ...(deletedTo > 0 ? [`not all kept up to event ${deletedTo}`] : []),
    ...(unsealed > 0 ? [`${unsealed} not sealed yet`] : []),
    ...(head === undefined ? [] : [`head ${head.number}:${head.hash}`]),
  ]
  const shown = named.slice(0, maxPrinted)
  return [
    ...shown,
    ...(problems > shown.length ? [`and ${problems - shown.length} more problems`] : []),
    `${problems === 0 ? 'ok' : 'NOT AS IT WAS RECORDED'}: ${facts.join(', ')}`,
  ]
    .map(line => `${app_id}: ${line}\n`)
    .join('')
}

function appIn(engine: SerialEngine, app_id: string) {
  const [row] = read(engine, appRow({ app_id }))
  if (row === undefined) throw new UsageError(`there is no app "${app_id}"; cohort app list shows them`)
  return toApp(row)
}

/** A time in milliseconds since 1970. Throws `UsageError`. */
function timeOption({ options }: Invocation, name: string): number | undefined {
  const text = options[name]
  if (typeof text !== 'string') return undefined
  const isDate = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text)
  const time = /^\d{1,15}$/.test(text) ? Number(text) : isDate ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time))
    throw new UsageError(`--${name} must be a time such as 2026-01-31 or 2026-01-31T12:00:00Z`)
  return time
}

function knownHeads(given: Invocation['options'][string]): KnownHead[] {
  return (Array.isArray(given) ? given : []).map(text => {
    const [, number, hash] = /^([1-9]\d{0,14}):([\w-]{43})$/.exec(String(text)) ?? []
    if (number === undefined || hash === undefined)
      throw new UsageError('--head must be NUMBER:HASH, as the log and backups tell it')
    return { number: Number(number), hash }
  })
}
