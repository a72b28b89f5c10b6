import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Job, Loaded } from './load.ts'

const started = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of started) child.kill('SIGKILL')
})

function track(child: ChildProcess): ChildProcess {
  started.add(child)
  child.once('exit', () => started.delete(child))
  return child
}

export interface Usage {
  /** CPU time so far, seconds; NaN where the system does not say (anything but Linux). */
  readonly cpu: number
  /** Time it was ready to run and others had the CPU, seconds; NaN likewise. */
  readonly waited: number
  /** Resident memory, bytes; NaN likewise. */
  readonly memory: number
}

export interface Server {
  readonly url: string
  /** Of the process and its children. */
  usage(): Usage
  /** Tells it to stop; throws if it ends with an error. */
  stop(): Promise<void>
}

/**
 * Starts a server and resolves when it has printed `ready` to stderr. What it logs goes to `log`: it is
 * measured with its log on.
 */
export async function startServer(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  { url, ready, log }: { readonly url: string; readonly ready: string; readonly log: string },
): Promise<Server> {
  const [program = '', ...args] = command
  const child = track(
    spawn(program, args, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', openSync(log, 'a'), 'pipe'],
    }),
  )
  let said = ''
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`${command.join(' ')} ended with ${code}:\n${said}`)))
    child.stderr?.on('data', chunk => {
      said = (said + chunk).slice(-10_000)
      if (said.includes(ready)) resolve()
    })
  })
  return {
    url,
    usage: () => usageOf(child.pid ?? 0),
    async stop() {
      const ended = child.exitCode === null ? once(child, 'exit') : [child.exitCode]
      child.kill('SIGTERM')
      const [code] = await ended
      if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${said}`)
    },
  }
}

/** Runs a command to its end and answers what it printed; throws if it fails. */
export async function runCommand(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const [program = '', ...args] = command
  const child = track(
    spawn(program, args, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'inherit'] }),
  )
  let printed = ''
  child.stdout?.on('data', chunk => {
    printed += chunk
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${printed}`)
  return printed
}

function usageOf(pid: number): Usage {
  const total = { cpu: 0, waited: 0, memory: 0 }
  try {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const [ran, waited] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')
      total.cpu += Number(ran) / 1e9
      total.waited += Number(waited) / 1e9
      for (const child of readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
        .split(' ')
        .filter(Boolean)) {
        const { cpu, waited, memory } = usageOf(Number(child))
        total.cpu += cpu
        total.waited += waited
        total.memory += memory
      }
    }
    total.memory += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
    return total
  } catch {
    return { cpu: Number.NaN, waited: Number.NaN, memory: Number.NaN }
  }
}

/** The load process. One job at a time. */
export interface LoadProcess {
  run(job: Job): Promise<Loaded>
  stop(): void
}

export function startLoad(): LoadProcess {
  const child = track(fork(join(import.meta.dirname, 'load.js')))
  let settle: { resolve(loaded: Loaded): void; reject(error: Error): void } | undefined
  child.on('message', loaded => settle?.resolve(loaded as Loaded))
  child.on('exit', code => settle?.reject(new Error(`the load process ended with ${code}`)))
  return {
    run: job =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject }
        child.send(job)
      }),
    stop: () => void child.disconnect(),
  }
}
