import { AsyncLocalStorage } from 'node:async_hooks'
import { readConfig } from '../../../src/config.ts'
import type { SerialEngine } from '../../../src/db/engine.ts'
import { nativeSha256 } from '../../../src/entry/sha256.ts'
import { Metrics } from '../../../src/metrics.ts'
import { Refusal } from '../../../src/operation/errors.ts'
import type { Executor, Task } from '../../../src/operation/executor.ts'
import type { Call } from '../../../src/operation/operation.ts'
import { serialExecutor } from '../../../src/operation/serial-executor.ts'
import { nodeOutbound } from '../../../src/outbound/node-outbound.ts'
import type { BlobStore, EventLoop, Log } from '../../../src/platform.ts'
import { createService, type RunningService } from '../../../src/service.ts'

/** What one request has rested on so far: the number of transactions it may have seen. */
export interface Footing {
  seen: number
}

export const footing = new AsyncLocalStorage<Footing>()

/** A process of the service. */
export interface Process {
  readonly executor: Executor
  /** What a start does before it listens. */
  readonly recovered: Promise<void>
}

/** Complains where a change of a user of an app is answered before an earlier one of the same user. */
class Order {
  private readonly waiting = new Map<string, Set<symbol>>()
  private readonly complain: (what: string) => void

  constructor(complain: (what: string) => void) {
    this.complain = complain
  }

  async keep<T>({ app, caller }: Call<unknown>, change: () => T | Promise<T>): Promise<T> {
    const user = `${app.app_id}/${caller.user_id}`
    const changes = this.waiting.get(user) ?? new Set()
    this.waiting.set(user, changes)
    const mine = Symbol()
    changes.add(mine)
    try {
      const result = await change()
      if (changes.values().next().value !== mine)
        this.complain(`a change of user ${user} was carried out before an earlier one`)
      return result
    } finally {
      changes.delete(mine)
    }
  }
}

/** The executor of the service, with a note of what each request rests on. */
export function startProcess(
  engine: SerialEngine,
  loop: EventLoop,
  position: (writes: boolean) => number,
  complain: (what: string) => void,
): Process {
  const order = new Order(complain)
  const executor = serialExecutor(engine, { loop })
  const noting = <Out>(task: Task<Out>, on: Footing | undefined): Task<Out> => {
    const before = on?.seen ?? 0
    return {
      writes: task.writes,
      reads: call => task.reads(call),
      // Decided again after a transaction that failed, it rests on nothing of that one.
      decide(call, rows) {
        const result = task.decide(call, rows)
        const writes = !(result instanceof Refusal) && (result.writes?.length ?? 0) > 0
        if (on !== undefined) on.seen = Math.max(before, position(writes))
        return result
      },
    }
  }
  return {
    executor: {
      ...executor,
      run(task, call, session) {
        const run = () => executor.run(noting(task, footing.getStore()), call, session)
        return task.writes ? order.keep(call, run) : run()
      },
      read(bound) {
        const on = footing.getStore()
        if (on !== undefined) on.seen = Math.max(on.seen, position(false))
        return executor.read(bound)
      },
    },
    recovered: engine.repair(),
  }
}

const silent: Log = { info() {}, warn() {}, error() {} }
const unused = () => Promise.reject(new Error('not simulated'))

/** The service as a start puts it together: whatever it keeps in memory ends with its process. */
export const newService = (executor: Executor, blobs: BlobStore, now: () => number): RunningService =>
  createService({
    config: readConfig({ PUBLIC_URL: 'http://simulated' }),
    executorFor: () => executor,
    executors: [executor],
    clock: now,
    log: silent,
    metrics: new Metrics(),
    appTtlMs: 1000,
    version: 'simulated',
    addressOf: () => '',
    trustsProxy: false,
    hash: nativeSha256,
    outbound: nodeOutbound({ allowedNetworks: [], allowHttp: false }),
    files: {
      blobs,
      images: { resize: unused },
      videos: { frame: unused },
      voice: { toMp3: unused },
    },
    ready: () => undefined,
    premises: { runtime: 'test', store: 'folder', startedAt: 0 },
  })
