import { randomUUID } from 'node:crypto'
import { appendFileSync, closeSync, fstatSync, openSync } from 'node:fs'
import type { SerialEngine } from '../../db/engine.ts'
import { highestId, highestIds } from '../../operation/highest-id.ts'
import { idMaker } from '../../operation/ids.ts'
import type { App } from '../../tenant/app.ts'
import { appRow, settingsOf } from '../../tenant/registry.ts'
import { importBatch } from '../../transfer/import-batch.ts'
import type { Importing, LeftOut } from '../../transfer/import-groups.ts'
import { BadLine, formatHelp } from '../../transfer/lines.ts'
import { read } from '../../transfer/read.ts'
import { type Command, type Invocation, required, UsageError } from './command.ts'
import { CommandFailure, sayingWhatFailed } from './command-failure.ts'
import { databaseFile, openData } from './data.ts'
import { servedBy } from './data-claim.ts'
import { type Checkpoint, checkpointOf, type Reached } from './import-checkpoint.ts'
import { batchesOf } from './import-file.ts'
import { progressBar } from './progress.ts'
import { onlyArgument } from './whole-file.ts'

/**
 * How many lines one transaction takes. The members of a group are spread over the whole index by users. A
 * large batch writes each page of that index once, small ones write it many times: batches of 50 000 cost
 * half of what batches of 5000 do. Beside a running service batches are small, because the service waits
 * while one is written.
 */
const batchSize = 50_000
const batchSizeBesideService = 5000

export const importCommand: Command = {
  name: 'import',
  summary: 'add groups and members from a file',
  help: `Usage: cohort import --app ID FILE

Adds groups, members and blacklists to an app, as cohort export writes them or as you make them. May run beside the service.
An import only adds: nobody is removed, and what is there already stays as it is. So a file may be imported twice, and a newer one adds what is new in it. From the
moment that the service itself changes an imported group, that group is the true one: lines about it are left out, and so are those about a group that was dissolved or
has another owner here. What was left out is said at the end. Where another app has the id of a group, the group gets a new one, which FILE.ids tells.
An import that was interrupted goes on where it stopped when it is run again: FILE.progress says where. Lines are imported in batches, each as a whole; a wrong line stops the import before its batch and is named, and the exit code is 1.
The capacity of a group holds; the app's limits of groups do not.

${formatHelp}`,
  options: { app: { type: 'string' } },
  run: sayingWhatFailed(async invocation => {
    const { runtime, config } = invocation
    const app_id = required(invocation, 'app')
    const file = onlyArgument(invocation, 'FILE')
    const descriptor = openSync(file, 'r')
    try {
      if (!fstatSync(descriptor).isFile()) throw new CommandFailure(`${file} is no file`)
      const { engine } = openData(runtime, config)
      try {
        // A sync of the service may have failed: what is imported must not lie behind a hole in the log.
        await engine.repair()
        await importFile(invocation, engine, appOf(engine, app_id), file, descriptor)
      } finally {
        engine.close()
      }
    } finally {
      closeSync(descriptor)
    }
  }),
}

function appOf(engine: SerialEngine, app_id: string): Pick<App, 'app_id' | 'settings'> {
  const [app] = read(engine, appRow({ app_id }))
  if (app === undefined)
    throw new UsageError(`there is no app "${app_id}"; cohort app create ${app_id} makes it`)
  return { app_id, settings: settingsOf(app.settings) }
}

async function importFile(
  { config, print }: Invocation,
  engine: SerialEngine,
  importedInto: Pick<App, 'app_id' | 'settings'>,
  file: string,
  descriptor: number,
): Promise<void> {
  const checkpoint = checkpointOf(file, descriptor, importedInto.app_id, databaseFile(config))
  const before = checkpoint.read()
  if (before !== undefined) process.stderr.write(`Going on at line ${before.line}.\n`)
  const start = { offset: 0, line: 1, groups: 0, members: 0, blocked: 0, run: randomUUID() }
  let reached: Reached = before ?? start
  const ids = idMaker(Date.now)
  ids.goOnAbove(highestId(read(engine, highestIds({}))))
  const { run } = reached
  const app: Importing = { ...importedInto, run, newId: ids.next, leftOut: new Map(), renumbered: new Map() }
  const { size } = fstatSync(descriptor)
  const progress = progressBar('Import')
  const isServed = () => servedBy(config) !== undefined
  const remember = remembering(checkpoint)
  // Checkpoints are made less often. A page that many batches change is then written to the database only
  // once.
  engine.rows('PRAGMA wal_autocheckpoint = 20000')
  try {
    for (const { lines, next } of batchesOf(descriptor, reached, () =>
      isServed() ? batchSizeBesideService : batchSize,
    )) {
      const started = performance.now()
      const { groups, members, blocked } = importBatch(engine, app, lines, Date.now())
      reached = {
        ...next,
        run,
        groups: reached.groups + groups,
        members: reached.members + members,
        blocked: reached.blocked + blocked,
      }
      remember(reached)
      progress(reached.offset, size)
      // The import pauses for as long as the batch took, so that the service gets its share of the time.
      if (isServed()) await new Promise(resolve => setTimeout(resolve, performance.now() - started))
    }
  } catch (error) {
    if (!(error instanceof BadLine)) throw error
    throw new CommandFailure(
      `${file}, ${error.message}\nAll before line ${reached.line} is imported. Mend the file and run the command again.`,
    )
  } finally {
    progress.end()
  }
  checkpoint.remove()
  print(
    `${reached.groups} groups, ${reached.members} members and ${reached.blocked} blacklisted users are new\n`,
  )
  tellOfLeftOut(app, print)
  tellOfRenumbered(app, file, print)
}

const reasons: Readonly<Record<LeftOut, string>> = {
  changed: 'changed here since they were imported',
  dissolved: 'dissolved here',
  owner: 'owned by somebody else here',
}
/** The most groups that one message names. */
const maxNamedGroups = 10

function tellOfLeftOut({ leftOut }: Importing, print: Invocation['print']): void {
  for (const [reason, text] of Object.entries(reasons)) {
    const groups = [...leftOut].filter(([, why]) => why === reason).map(([group_id]) => group_id)
    if (groups.length === 0) continue
    const named = groups.slice(0, maxNamedGroups).join(', ')
    print(
      `${groups.length} groups were left out, for they are ${text}: ${named}${groups.length > maxNamedGroups ? ', …' : ''}\n`,
    )
  }
}

function tellOfRenumbered({ renumbered }: Importing, file: string, print: Invocation['print']): void {
  if (renumbered.size === 0) return
  const lines = [...renumbered].map(([theirs, ours]) => `${theirs} ${ours}\n`)
  appendFileSync(`${file}.ids`, lines.join(''))
  print(
    `${renumbered.size} groups got new ids, for another app has theirs: ${file}.ids has the old and the new id of each\n`,
  )
}

/** The import also works in a folder that it cannot write to. It then cannot go on where it stopped. */
function remembering(checkpoint: Checkpoint): (reached: Reached) => void {
  let possible = true
  return reached => {
    if (!possible) return
    try {
      checkpoint.write(reached)
    } catch (error) {
      possible = false
      process.stderr.write(
        `If it is interrupted, this import begins anew: ${error instanceof Error ? error.message : String(error)}\n`,
      )
    }
  }
}
