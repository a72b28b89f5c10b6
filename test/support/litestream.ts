import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { freePort, run } from './process.ts'
import type { S3Server } from './s3-server.ts'

/** The program from npm, which has it for Linux on x64. Elsewhere it must be installed. */
const packaged = 'node_modules/@flydotio/litestream-linux-x64/litestream'
const program = existsSync(packaged) ? resolve(packaged) : 'litestream'
const configuration = resolve('deploy/litestream.yml')

export const litestreamVersion = (): string => execFileSync(program, ['version']).toString().trim()

/** Where Litestream tells its metrics: a free address. */
export async function newAddresses(): Promise<Readonly<Record<string, string>>> {
  const address = `127.0.0.1:${await freePort()}`
  return { LITESTREAM_ADDRESS: address, LITESTREAM_METRICS: `http://${address}/metrics` }
}

/** The variables for Cohort and Litestream on one data folder, as `/etc/cohort.env` has them. */
export async function offsiteEnvironment(
  s3: S3Server,
  data: string,
  prefix: string,
): Promise<Readonly<Record<string, string>>> {
  return {
    ...(await newAddresses()),
    DATA_DIR: data,
    LITESTREAM: 'true',
    OFFSITE_TO: `s3://${s3.bucket}/${prefix}`,
    S3_ENDPOINT: s3.endpoint,
    S3_REGION: s3.region,
    S3_ACCESS_KEY_ID: s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
  }
}

export interface Background {
  /** All it has printed so far. */
  output(): string
  kill(): Promise<void>
}

/** Starts `litestream replicate` with deploy/litestream.yml. */
export function startLitestream(environment: Readonly<Record<string, string>>): Background {
  return background([program, 'replicate', '-config', configuration], environment)
}

/** Brings the newest state of the replica into a file. Throws what Litestream says if it fails. */
export async function litestreamRestore(
  environment: Readonly<Record<string, string>>,
  file: string,
): Promise<void> {
  const { code, stdout, stderr } = await run(
    [program, 'restore', '-config', configuration, '-o', file, `${environment.DATA_DIR}/cohort.db`],
    environment,
  )
  if (code !== 0) throw new Error(stdout + stderr)
}

/** Starts a program that runs until it is killed. */
export function background(
  [file = '', ...args]: readonly string[],
  environment: Readonly<Record<string, string>>,
): Background {
  const child: ChildProcess = spawn(file, args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', chunk => {
      output += chunk
    })
  const exited = once(child, 'exit')
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  return {
    output: () => output,
    async kill() {
      kill()
      await exited
      process.off('exit', kill)
    },
  }
}
