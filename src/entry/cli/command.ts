import type { ParseArgsConfig } from 'node:util'
import type { Config } from '../../config.ts'
import type { Runtime } from '../runtime.ts'

export interface Invocation {
  readonly runtime: Runtime
  readonly config: Config
  readonly options: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>
  readonly positionals: readonly string[]
  readonly print: (text: string) => void
}

export interface Command {
  readonly name: string
  readonly summary: string
  readonly help: string
  readonly options: NonNullable<ParseArgsConfig['options']>
  /** Whether the arguments may name a bucket, so that the keys of S3 are used also without S3_BUCKET. */
  readonly namesBucket?: boolean
  /** Resolves with the exit code. */
  run(invocation: Invocation): Promise<number>
}

/** The command was called wrongly. The program prints the message and the help and ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Throws `UsageError` if there are arguments; for commands that take none. */
export function noPositionals({ positionals }: Invocation): void {
  if (positionals.length > 0) throw new UsageError(`unexpected argument "${positionals[0]}"`)
}

/** The value of a required option. Throws `UsageError` if it is missing. */
export function required({ options }: Invocation, name: string): string {
  const value = options[name]
  if (typeof value !== 'string' || value === '') throw new UsageError(`--${name} is missing`)
  return value
}

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** `90s`, `15m`, `1h`, `30d` → milliseconds. Throws `UsageError`. */
export function durationOf(text: string): number {
  const [, amount, unit] = /^([1-9]\d{0,8})([smhd])$/.exec(text) ?? []
  if (amount === undefined || unit === undefined)
    throw new UsageError(`"${text}" is not a duration such as 90s, 15m, 1h or 30d`)
  return Number(amount) * units[unit as keyof typeof units]
}
