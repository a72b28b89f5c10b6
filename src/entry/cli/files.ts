import { type Command, UsageError } from './command.ts'
import { sayingWhatFailed } from './command-failure.ts'
import { mirrorPlace } from './mirror/place.ts'
import { runFetch } from './mirror/run-fetch.ts'
import { runMirror } from './mirror/run-mirror.ts'

export const filesCommand: Command = {
  name: 'files',
  summary: 'keep a copy of the stored files in a bucket, and bring it back',
  help: `Usage: cohort files mirror [s3://BUCKET/PREFIX] [--follow] [--verify] [--delete-after 3d | --delete] [--force]
       cohort files fetch [s3://BUCKET/PREFIX] [--forget-lost]

mirror   uploads every stored file that the bucket does not have. A file appears there when it is complete, so a mirror that was stopped or
         killed is simply started again. Thumbnails are left out: they are made again when somebody asks. May run beside the service.
  --follow   goes on with new files, within a second, until SIGTERM or SIGINT; compares everything again every six hours
  --verify   reads every copy back, compares it byte by byte, and replaces copies that differ
  --delete-after 3d  deletes the copies of files that were deleted here, when they have been gone for three days. Without it they stay
  --delete   deletes them at once
  --force    deletes them however many they are. Without it nothing is deleted if they are many, because the database may be a wrong one

fetch    brings back every stored file whose bytes DATA_DIR does not have, after the database was restored. May run beside the service, and may
         be started again. The exit code is 1 if the bucket does not have all of them.
  --forget-lost  deletes the files that neither DATA_DIR nor the bucket has: those of the last moment before the server was lost

Without s3://…, both take the folder files in OFFSITE_TO. S3_ENDPOINT, S3_REGION, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and
S3_FORCE_PATH_STYLE say how to reach the bucket. S3_BUCKET stays unset: with it, the files are in a bucket already.
`,
  options: {
    follow: { type: 'boolean' },
    verify: { type: 'boolean' },
    delete: { type: 'boolean' },
    'delete-after': { type: 'string' },
    force: { type: 'boolean' },
    'forget-lost': { type: 'boolean' },
  },
  namesBucket: true,
  async run(invocation) {
    const { positionals, config, options } = invocation
    const [verb, argument, another] = positionals
    if (verb !== 'mirror' && verb !== 'fetch')
      throw new UsageError(
        verb === undefined ? 'mirror or fetch is missing' : `there is no "cohort files ${verb}"`,
      )
    if (another !== undefined) throw new UsageError(`unexpected argument "${another}"`)
    const place = mirrorPlace(argument, config)
    if (verb === 'mirror') return runMirror(invocation, place)
    const wrong = ['follow', 'verify', 'delete', 'delete-after', 'force'].find(
      name => options[name] !== undefined,
    )
    if (wrong !== undefined) throw new UsageError(`--${wrong} goes with mirror`)
    return sayingWhatFailed(() => runFetch(invocation, place))(invocation)
  },
}
