import type { SerialEngine } from '../../src/db/engine.ts'
import { migrate } from '../../src/db/migrate.ts'
import { eventLoop } from '../../src/entry/event-loop.ts'
import { serialExecutor } from '../../src/operation/serial-executor.ts'
import type { SerialBank } from '../contracts/engine/bank.ts'

/** A new database in this file, as the service opens it. */
export function serialBank(open: (file: string) => SerialEngine, file: string): SerialBank {
  const engine = open(file)
  migrate(engine)
  return {
    engine,
    connect: () => open(file),
    executor: options => serialExecutor(engine, { loop: eventLoop, ...options }),
  }
}
