import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A port that was free a moment ago. Below those that the system gives to outgoing connections: one of these
 * could take it before it is listened on.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 20_000)
    const server = createServer().listen(port, '127.0.0.1')
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (!free) continue
    server.close()
    await once(server, 'close')
    return port
  }
}

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'cohort-test-'))

/** As `temporaryFolder`; what lies in it finds the project's packages. */
export function folderAmongPackages(): string {
  const caches = join('node_modules', '.cache')
  mkdirSync(caches, { recursive: true })
  return mkdtempSync(join(caches, 'cohort-test-'))
}

export const removeFolder = (folder: string): Promise<void> =>
  rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })

export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end, in this folder where one is given. Throws if a signal ends it. */
export async function run(
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  cwd?: string,
): Promise<Finished> {
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  child.stderr.on('data', chunk => {
    stderr += chunk
  })
  const [code, signal] = await once(child, 'close')
  if (code === null) throw new Error(`${command.join(' ')} was ended by ${signal}:\n${stdout}${stderr}`)
  return { code: Number(code), stdout, stderr }
}

export interface Running {
  readonly child: ChildProcess
  /** What it has printed, as far as it has arrived here. All of it after `end`. */
  output(): string
  /**
   * Resolves with its output once this is in it. What a program prints can arrive later than its answers.
   * Throws after ten seconds.
   */
  printed(words: string | RegExp): Promise<string>
  /** Sends the signal and resolves with the exit code (null when killed) once it is gone. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

export interface StartOptions {
  readonly patienceMs?: number
  readonly ownGroup?: boolean
  readonly cwd?: string | undefined
  readonly expected?: number
}

/**
 * Starts a server and waits until `/healthz` answers 200, or what is expected; rejects with its output if it
 * exits first or takes longer than `patienceMs`. `ownGroup`: it has children: SIGKILL ends them too, and
 * after SIGTERM they must be gone.
 */
export async function startServer(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  url: string,
  { patienceMs = 60_000, ownGroup = false, cwd, expected = 200 }: StartOptions = {},
): Promise<Running> {
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: ownGroup,
  })
  const killAll = () => (ownGroup ? signalGroup(child, 'SIGKILL') : child.kill('SIGKILL'))
  process.once('exit', killAll)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', chunk => {
      output += chunk
    })
  const closed = once(child, 'close')
  const deadline = Date.now() + patienceMs
  while ((await statusOf(`${url}/healthz`)) !== expected) {
    if (child.exitCode !== null || Date.now() > deadline) {
      killAll()
      throw new Error(`${command.join(' ')} did not start:\n${output}`)
    }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return {
    child,
    output: () => output,
    async printed(words) {
      const found = () => (typeof words === 'string' ? output.includes(words) : words.test(output))
      for (const until = Date.now() + 10_000; !found(); ) {
        if (Date.now() > until) throw new Error(`${command.join(' ')} did not print ${words}:\n${output}`)
        await new Promise(resolve => setTimeout(resolve, 10))
      }
      return output
    },
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      const exited = once(child, 'exit')
      if (signal === 'SIGKILL') killAll()
      else child.kill(signal)
      const [code] = await exited
      process.off('exit', killAll)
      const left = signal === 'SIGTERM' && ownGroup && signalGroup(child, 'SIGKILL')
      if (left) throw new Error(`${command.join(' ')} left processes behind:\n${output}`)
      // A child that it left could hold its output open for ever.
      await Promise.race([closed, new Promise(resolve => setTimeout(resolve, 2000))])
      return code as number | null
    },
  }
}

/** Signals a process and its children; false if none of them is left. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): boolean {
  try {
    return pid !== undefined && process.kill(-pid, signal)
  } catch {
    return false
  }
}

async function statusOf(url: string): Promise<number | undefined> {
  try {
    return (await fetch(url)).status
  } catch {
    return undefined
  }
}
