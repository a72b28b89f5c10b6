import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Scale } from './seed.ts'

const usage = `Usage: npm run bench -- [options]

Measures the service against a yardstick in the same run, and prints tables. Fails if any answer is wrong, not if a target is missed.

  --quick             under a minute: smaller groups, fewer rounds, no Worker
  --json FILE         also write everything as JSON
  --only TEXT         only rows whose name contains this
  --rounds N          rounds of each row
  --soak N            requests over which memory is watched
  --service COMMAND   another command than the one built: "dist/cohort", or an older build to compare with
  --binary FILE       another binary than the one built, to measure beside Node; "" for none
  --before COMMAND    an earlier build, to measure beside this one: "node old/dist/cohort.js"
  --peers             instead of all this: side by side with ejabberd, better-auth, nginx, ipx and tus, where they are
                      installed (docs/performance.md)
`

export interface Options {
  readonly quick: boolean
  readonly json: string | undefined
  readonly only: string
  readonly rounds: number
  /** Requests over which memory is watched. */
  readonly soak: number
  /** See `Bench`. */
  readonly portion: number
  readonly warmUp: number
  /** What the service starts with, and a second one among many groups. */
  readonly scale: Scale
  readonly crowded: Scale
  readonly command: readonly string[]
  /** The single binary; '' if there is none. */
  readonly binary: string
  /** How an earlier build is started; undefined: there is none. */
  readonly earlier: readonly string[] | undefined
}

/** Reads the command line; prints the help and ends where that is asked for. */
export function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      only: { type: 'string', default: '' },
      rounds: { type: 'string' },
      soak: { type: 'string' },
      service: { type: 'string' },
      binary: { type: 'string' },
      before: { type: 'string' },
      peers: { type: 'boolean' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(usage)
    process.exit(0)
  }
  const { quick } = values
  const built = join(import.meta.dirname, 'cohort')
  return {
    quick,
    json: values.json,
    only: values.only,
    soak: Number(values.soak ?? (quick ? 45_000 : 270_000)),
    rounds: Number(values.rounds ?? (quick ? 3 : 5)),
    portion: quick ? 0.1 : 1,
    warmUp: quick ? 1 : 0.25,
    scale: { middle: 10_000, large: quick ? 100_000 : 1_000_000, crowd: 0 },
    crowded: { middle: 2_000, large: 2_000, crowd: quick ? 100_000 : 1_000_000 },
    command: values.service?.split(' ') ?? [process.execPath, join(import.meta.dirname, 'cohort.js')],
    binary: values.binary ?? (existsSync(built) ? built : ''),
    earlier: values.before?.split(' '),
  }
}
