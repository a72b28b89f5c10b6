import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Config } from '../../config.ts'
import { everyApp } from '../../events/record.ts'
import { troubleOf } from '../../operation/durability.ts'
import { runTask, task } from '../../operation/task.ts'
import type { Runtime } from '../runtime.ts'
import { type ChainHead, headsIn, seal } from './backup-seal.ts'
import { type BucketBackup, bucketBackup, upload } from './bucket-backup.ts'
import { type Command, type Invocation, UsageError } from './command.ts'
import { CommandFailure, sayingWhatFailed } from './command-failure.ts'
import { databaseFile, withData } from './data.ts'
import { copyObjects } from './object-copy.ts'
import { type Progress, progressBar } from './progress.ts'
import { onlyArgument, refuseOverwriting, removeDatabase, writeWhole } from './whole-file.ts'

export const backupCommand: Command = {
  name: 'backup',
  summary: 'copy the database, also while the service runs',
  help: `Usage: cohort backup FILE [--files] [--force]

Writes the database as it stands at one moment into FILE: everything that was answered before is in it. The service goes on meanwhile.
FILE holds the apps with their secrets: keep it as safe as those. It ends with the heads of its audit chains and a checksum of itself. cohort restore brings it back.

  --files   also copies the stored files into the folder FILE.files; what is there already is not copied again.
            With S3 the files stay in the bucket, which has backups of its own
  --force   replaces FILE if it exists

s3:NAME instead of FILE puts the backup into the bucket, as the object cohort.backups/NAME. BACKUP_EVERY has the service make backups by itself.
`,
  options: { files: { type: 'boolean' }, force: { type: 'boolean' } },
  run: sayingWhatFailed(async invocation => {
    const { runtime, config, options, print } = invocation
    const file = onlyArgument(invocation, 'FILE')
    const inBucket = bucketBackup(file, config)
    if (!existsSync(databaseFile(config)))
      throw new CommandFailure(`there is no database in ${config.DATA_DIR}`)
    if (inBucket !== undefined) {
      if (options.files === true) throw new UsageError('--files goes with a file')
      const bytes = await backUpToBucket(runtime, config, inBucket)
      print(`${file}: ${bytes} bytes\n`)
      await tellOfBackup(invocation, inBucket.name, bytes)
      return
    }
    refuseOverwriting(file, options.force, config)
    await writeWhole(file, temporary => sealedSnapshot(runtime, config, temporary))
    const { size } = await stat(file)
    print(`${file}: ${size} bytes\n`)
    await tellOfBackup(invocation, basename(file), size)
    if (options.files !== true) return
    if (config.files.store === 's3') {
      print(`The files are in the bucket ${config.files.s3.bucket} and stay there.\n`)
      return
    }
    const { copied, bytes, kept } = await copyObjects(join(config.DATA_DIR, 'files'), filesBeside(file))
    print(`${filesBeside(file)}: ${copied} files of ${bytes} bytes, ${kept} were there already\n`)
  }),
}

/**
 * Records that a copy of everything was made. A database of a version without events stays as it is: backups
 * are made before an upgrade. The backup counts as made, too, where this cannot be recorded.
 */
async function tellOfBackup(
  { runtime, config, print }: Invocation,
  name: string,
  bytes: number,
): Promise<void> {
  const event = { kind: 'backup.made', app_id: everyApp, name, bytes } as const
  const made = task({ decide: () => ({ data: null, events: [event] }) })
  try {
    await withData(
      runtime,
      config,
      async (executor, engine) => {
        const hasEvents = engine.rows(`SELECT 1 FROM sqlite_schema WHERE name = 'events'`).length > 0
        if (hasEvents) await runTask(executor, made, Date.now())
      },
      { migrates: false },
    )
  } catch (error) {
    print(`The backup is whole, but no event tells of it: ${troubleOf(error)}\n`)
  }
}

/** The folder with the files of a backup. */
export const filesBeside = (file: string): string => `${file}.files`

async function backUpToBucket(runtime: Runtime, config: Config, backup: BucketBackup): Promise<number> {
  if ((await backup.blobs.head(backup.key)) !== undefined)
    throw new CommandFailure(`there is a backup ${backup.name} in the bucket already`)
  const temporary = join(config.DATA_DIR, `${backup.name}.${process.pid}.tmp`)
  try {
    await sealedSnapshot(runtime, config, temporary)
    return await upload(temporary, backup)
  } finally {
    await removeDatabase(temporary)
  }
}

async function sealedSnapshot(runtime: Runtime, config: Config, target: string): Promise<void> {
  await seal(target, await snapshot(runtime, config, target))
}

/** Copies the database. Resolves with heads of its audit chains that are in the copy. */
async function snapshot(runtime: Runtime, config: Config, target: string): Promise<ChainHead[]> {
  const engine = runtime.openDatabase(databaseFile(config))
  const progress: Progress = progressBar('Backup')
  let held = false
  try {
    // Read before the copy is made. Chains only grow, so the copy contains these heads.
    const heads = headsIn(engine)
    await engine.backup(target, (done, total) => {
      // A backup in steps starts again whenever somebody commits between two steps, so under load it would
      // never end. A read transaction holds one state of the database instead.
      if (!held) {
        engine.exec('BEGIN')
        engine.rows('SELECT count(*) FROM sqlite_schema')
        held = true
      }
      progress(done, total)
    })
    return heads
  } finally {
    progress.end()
    engine.close()
  }
}
