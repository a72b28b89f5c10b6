import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
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
 * Starts a server and resolves when it has printed `ready` to stderr, or without `ready` when it takes
 * connections. What it logs goes to `log`: it is measured with its log on.
 */
export async function startServer(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  { url, ready, log }: { readonly url: string; readonly ready?: string; readonly log: string },
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
      if (ready !== undefined && said.includes(ready)) resolve()
    })
    if (ready === undefined) void takesConnections(url, () => child.exitCode !== null).then(resolve)
  })
  return {
    url,
    usage: usageMeter(child.pid ?? 0),
    async stop() {
      const ended = child.exitCode === null ? once(child, 'exit') : [child.exitCode]
      child.kill('SIGTERM')
      const [code] = await ended
      if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${said}`)
    },
  }
}

/** Resolves when somebody takes connections there, or when `hasEnded` says that nobody will. */
async function takesConnections(url: string, hasEnded: () => boolean): Promise<void> {
  const { hostname, port } = new URL(url)
  while (!hasEnded()) {
    const socket = connect(Number(port), hostname)
    const taken = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (taken) return
    await new Promise(resolve => setTimeout(resolve, 50))
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

/** Of a tick of /proc/PID/stat, seconds. */
const tick = 0.01

/** CPU time of the children that have ended, seconds. */
function cpuOfEndedChildren(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name, in brackets, may have blanks. After it comes the third field.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) * tick
}

/** The text of a file of /proc; '' if its task has just ended. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** What a task has had, seconds. */
interface Ran {
  readonly cpu: number
  readonly waited: number
}

/**
 * Answers a function that tells the usage of a process and its children. A thread that has ended counts with
 * what it had when it was last seen, because the system forgets it.
 */
function usageMeter(pid: number): () => Usage {
  let seen = new Map<number, Map<string, Ran>>()
  return () => {
    const alive: typeof seen = new Map()
    const total = { cpu: 0, waited: 0, memory: 0 }
    const visit = (process: number): void => {
      if (!existsSync(`/proc/${process}`)) return
      const tasks = seen.get(process) ?? new Map<string, Ran>()
      alive.set(process, tasks)
      for (const task of readdirSync(`/proc/${process}/task`)) {
        const folder = `/proc/${process}/task/${task}`
        const [ran, waited] = textOf(`${folder}/schedstat`).split(' ')
        if (waited === undefined) continue
        tasks.set(task, { cpu: Number(ran) / 1e9, waited: Number(waited) / 1e9 })
        for (const child of textOf(`${folder}/children`).split(' ').filter(Boolean)) visit(Number(child))
      }
      for (const { cpu, waited } of tasks.values()) {
        total.cpu += cpu
        total.waited += waited
      }
      total.cpu += cpuOfEndedChildren(process)
      const status = readFileSync(`/proc/${process}/status`, 'utf8')
      total.memory += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024
    }
    try {
      visit(pid)
    } catch {
      return { cpu: Number.NaN, waited: Number.NaN, memory: Number.NaN }
    }
    seen = alive
    return total
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
