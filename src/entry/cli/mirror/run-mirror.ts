import { setTimeout as sleep } from 'node:timers/promises'
import { type BucketPlace, placeUrl } from '../../../blobs/bucket-place.ts'
import { BlobStoreError } from '../../../platform.ts'
import { durationOf, type Invocation, UsageError } from '../command.ts'
import { CommandFailure } from '../command-failure.ts'
import { openData } from '../data.ts'
import { progressBar } from '../progress.ts'
import { dueForDeletion } from './deleted-since.ts'
import { NewFiles } from './follow.ts'
import { type Mirror, type MirrorOptions, type MirrorReport, mirrorFiles, uploadFile } from './mirror.ts'
import { rememberMirrored } from './mirrored-at.ts'
import { mirrorStores } from './place.ts'
import { Transfers } from './transfers.ts'

/** How often --follow looks for new files, milliseconds. */
const lookMs = 500
/** How often --follow compares everything again, milliseconds. With --delete it then also deletes. */
const wholeEveryMs = 6 * 3_600_000
/** How often --follow notes how far it is, milliseconds. */
const noteEveryMs = 1000
/** The pause after a failure of the bucket, milliseconds. */
const retryMs = 3000
/** The most names that are printed of each list. */
const maxNames = 5

/** `cohort files mirror`. Resolves with the exit code. */
export async function runMirror(invocation: Invocation, place: BucketPlace): Promise<number> {
  const { runtime, config, options, print } = invocation
  if (options['forget-lost'] === true) throw new UsageError('--forget-lost goes with fetch')
  const how = optionsOf(invocation, place)
  const stores = mirrorStores(config, place)
  const { engine } = openData(runtime, config)
  const mirror = { engine, ...stores }
  const note = (at: number) => rememberMirrored(config, at)
  const wholePass = async (): Promise<MirrorReport> => {
    const started = Date.now()
    const progress = progressBar('Mirror')
    const report = await mirrorFiles(mirror, how, progress).finally(progress.end)
    if (report.failed.length === 0) await note(started)
    print(`${placeUrl(place)}: ${summaryOf(report, how)}\n`)
    complain(report)
    return report
  }
  try {
    if (options.follow === true) await follow(mirror, wholePass, note)
    else {
      const { failed, missing, refused } = await wholePass()
      return failed.length + missing.length === 0 && refused === undefined ? 0 : 1
    }
    return 0
  } catch (error) {
    if (error instanceof BlobStoreError) throw new CommandFailure(error.message)
    throw error
  } finally {
    engine.close()
  }
}

function optionsOf({ config, options }: Invocation, place: BucketPlace): MirrorOptions {
  const { verify, force, delete: atOnce, 'delete-after': after } = options
  if (atOnce === true && after !== undefined) throw new UsageError('--delete or --delete-after, not both')
  const deletes = atOnce === true || after !== undefined
  if (force === true && !deletes) throw new UsageError('--force goes with --delete or --delete-after')
  const delayMs = typeof after === 'string' ? durationOf(after) : 0
  return {
    verify: verify === true,
    deletes: !deletes ? 'none' : force === true ? 'all' : 'few',
    due: async copies => (delayMs === 0 ? copies : dueForDeletion(config, placeUrl(place), copies, delayMs)),
  }
}

/**
 * Mirrors new files until a signal comes. If the bucket fails, everything is compared again when it works: so
 * no file that failed has to be remembered.
 */
async function follow(
  mirror: Mirror,
  wholePass: () => Promise<MirrorReport>,
  note: (at: number) => Promise<void>,
): Promise<void> {
  const stopping = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stopping.abort())
  const pause = (ms: number) => sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined)
  while (!stopping.signal.aborted) {
    try {
      // Made before the pass, so that nothing is missed that is stored while the pass runs.
      const newFiles = new NewFiles(mirror.engine)
      const { failed } = await wholePass()
      if (failed.length > 0) throw new BlobStoreError(`${failed.length} files are not in the bucket`)
      await followOn(mirror, newFiles, note, pause, stopping.signal)
    } catch (error) {
      if (!(error instanceof BlobStoreError)) throw error
      process.stderr.write(`cohort: ${error.message}; next try in ${retryMs / 1000} s\n`)
      await pause(retryMs)
    }
  }
}

/** Mirrors new files until everything has to be compared again. Throws `BlobStoreError` at a failure. */
async function followOn(
  mirror: Mirror,
  newFiles: NewFiles,
  note: (at: number) => Promise<void>,
  pause: (ms: number) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const end = performance.now() + wholeEveryMs
  let noted = performance.now()
  while (!signal.aborted && performance.now() < end) {
    const looked = Date.now()
    const stored = newFiles.look()
    if (stored === undefined) return
    const report = { uploaded: 0, bytes: 0, missing: [] as string[] }
    const transfers = new Transfers()
    for (const file of stored) await transfers.add(file.object_name, () => uploadFile(mirror, file, report))
    await transfers.end()
    const [failure] = transfers.failed
    if (failure !== undefined) throw new BlobStoreError(failure)
    if (performance.now() - noted >= noteEveryMs) {
      await note(looked)
      noted = performance.now()
    }
    await pause(lookMs)
  }
}

function summaryOf(report: MirrorReport, { verify, deletes }: MirrorOptions): string {
  const { uploaded, bytes, kept, deleted, damaged } = report
  return [
    `${uploaded} files of ${bytes} bytes uploaded`,
    verify ? `${kept} were there and have the right bytes` : `${kept} were there already`,
    ...(verify ? [`${damaged.length} were damaged and replaced`] : []),
    ...(deletes === 'none' ? [] : [`${deleted} deleted`]),
  ].join(', ')
}

function complain({ failed, missing, damaged, refused }: MirrorReport): void {
  const lists = [
    ['not uploaded: ', failed],
    ['stored, but without bytes here: ', missing],
    ['was damaged in the bucket: ', damaged],
  ] as const
  for (const [label, names] of lists) printNames(label, names)
  if (refused !== undefined) process.stderr.write(`cohort: ${refused}\n`)
}

/** Prints the first names of a list on stderr, and how many there are. */
export function printNames(label: string, names: readonly string[]): void {
  for (const name of names.slice(0, maxNames)) process.stderr.write(`cohort: ${label}${name}\n`)
  if (names.length > maxNames) process.stderr.write(`cohort: ${label}${names.length - maxNames} files more\n`)
}
