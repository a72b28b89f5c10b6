import type { SerialEngine } from '../../db/engine.ts'
import { appRow } from '../../tenant/registry.ts'
import { exportLines } from '../../transfer/export-lines.ts'
import { exportSql, type SqlExport } from '../../transfer/export-sql.ts'
import { formatHelp } from '../../transfer/lines.ts'
import { read } from '../../transfer/read.ts'
import { type Command, required, UsageError } from './command.ts'
import { sayingWhatFailed } from './command-failure.ts'
import { openData } from './data.ts'
import { progressBar } from './progress.ts'
import { writeOut, writeTo } from './text-output.ts'
import { refuseOverwriting, writeWhole } from './whole-file.ts'

export const exportCommand: Command = {
  name: 'export',
  summary: 'write the groups and members of an app to a file',
  help: `Usage: cohort export --app ID [FILE]
       cohort export --app ID --sql [--files] [--replace] [FILE]

Writes the groups of an app with their members and blacklists, as they stand at one moment, to FILE or to the output. May run beside the service.
cohort import reads it.

  --sql     writes SQL instead, with everything of the app but its files, for "wrangler d1 execute DB --remote --file FILE": so an app moves to D1.
            It takes the place of what is there of the app, so it may be put in again after a rehearsal. It fails, and changes nothing, if the app was
            used there meanwhile. It holds the secrets of the app: keep it as safe as those
  --files   with --sql: also what is known of the files, for when their bytes stay in the same bucket or move too
  --replace with --sql: also where the app was used meanwhile; what was changed there is lost
  --force   replaces FILE if it exists

${formatHelp}`,
  options: {
    app: { type: 'string' },
    sql: { type: 'boolean' },
    files: { type: 'boolean' },
    replace: { type: 'boolean' },
    force: { type: 'boolean' },
  },
  run: sayingWhatFailed(async invocation => {
    const { runtime, config, options, positionals } = invocation
    const app_id = required(invocation, 'app')
    const [file, another] = positionals
    if (another !== undefined) throw new UsageError(`unexpected argument "${another}"`)
    if (options.sql !== true && (options.files === true || options.replace === true))
      throw new UsageError('--files and --replace go with --sql')
    if (file !== undefined) refuseOverwriting(file, options.force, config)
    const { engine } = openData(runtime, config)
    try {
      // The whole export sees one snapshot.
      engine.exec('BEGIN')
      const [app] = read(engine, appRow({ app_id }))
      if (app === undefined) throw new UsageError(`there is no app "${app_id}"; cohort app list shows them`)
      const text =
        options.sql === true
          ? sqlOf(engine, app_id, { files: options.files === true, replace: options.replace === true })
          : linesOf(engine, app_id, app.group_count)
      if (file === undefined) await writeOut(text)
      else await writeWhole(file, temporary => writeTo(temporary, text))
      engine.exec('COMMIT')
    } finally {
      engine.close()
    }
  }),
}

function* linesOf(engine: SerialEngine, app_id: string, groups: number): Generator<string> {
  const progress = progressBar('Export')
  let done = 0
  yield* exportLines(engine, app_id, () => progress(++done, groups))
  progress.end()
}

function* sqlOf(engine: SerialEngine, app_id: string, what: SqlExport): Generator<string> {
  const progress = progressBar('Export')
  // Progress counts the rows of members and users, because nearly all rows are of these two tables.
  const [[members] = []] = engine.rows('SELECT (SELECT count(*) FROM members) + (SELECT count(*) FROM users)')
  let done = 0
  yield* exportSql(engine, app_id, what, rows => {
    done += rows
    progress(done, Number(members))
  })
  progress.end()
}
