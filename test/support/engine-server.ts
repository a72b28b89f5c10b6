/**
 * Run by Bun or Deno: holds that runtime's SQLite against the contract and prints what became of each case,
 * as JSON.
 */

import { reportOf } from '../contracts/engine/bank.ts'
import { everyEngine } from '../contracts/engine/every.ts'
import { serialEngines } from '../contracts/engine/serial.ts'
import { serialBank } from './serial-bank.ts'

const open =
  'Bun' in globalThis
    ? (await import('../../src/db/engines/bun-sqlite.ts')).bunSqlite
    : (await import('../../src/db/engines/node-sqlite.ts')).nodeSqlite

const bank = serialBank(open, process.argv[2] ?? '')
process.stdout.write(JSON.stringify(await reportOf({ ...everyEngine, ...serialEngines }, bank)))
bank.engine.close()
