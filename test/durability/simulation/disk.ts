import Database from 'better-sqlite3'
import { DatabaseError, type SerialEngine } from '../../../src/db/engine.ts'
import type { Bound } from '../../../src/db/query.ts'
import type { Chance } from './chance.ts'

/**
 * Where the pages of a transaction are. `waiting`: in the operating system's memory, to be written by the
 * next sync. `given up`: the system could not write them and believes they are written; no later sync touches
 * them. `on disk`.
 */
type Place = 'waiting' | 'given up' | 'on disk'

interface Transaction {
  readonly writes: readonly Bound[]
  place: Place
}

/** A call that the disk has not answered yet. */
export interface DiskCall {
  readonly kind: 'sync' | 'repair'
  succeed(): void
  fail(): void
}

/** Faults of the next transactions. */
export interface TransactionFaults {
  /** Another process holds the database when a transaction begins. */
  readonly locked: number
  /** A commit finds the disk full. */
  readonly full: number
}

type Statements = Map<number, Database.Statement>

/** A statement of this database, compiled once. */
function compile(
  database: Database.Database,
  statements: Statements,
  { statement }: Bound,
): Database.Statement {
  let compiled = statements.get(statement.id)
  if (compiled === undefined) {
    compiled = database.prepare(statement.sql)
    if (compiled.reader) compiled.raw(true)
    statements.set(statement.id, compiled)
  }
  return compiled
}

/**
 * SQLite with its log on a disk that can fail. The database itself is real and in memory; the log is the list
 * of its transactions, and each knows where its pages are. What a start finds after a power cut is the
 * longest run of transactions, from the first, whose pages are all on the disk.
 */
export class SimulatedDisk {
  /** The call that waits for the disk. */
  call: DiskCall | undefined
  faults: TransactionFaults = { locked: 0, full: 0 }
  private readonly start: Buffer
  private readonly chance: Chance
  private log: Transaction[] = []
  private database: Database.Database
  private transaction: Bound[] | undefined
  private statements: Statements = new Map()

  constructor(start: Buffer, chance: Chance) {
    this.start = start
    this.chance = chance
    this.database = new Database(start)
  }

  /** How many transactions something rests on that sees what is there now, and writes or not. */
  position(writes: boolean): number {
    const inTransaction = writes || (this.transaction !== undefined && this.transaction.length > 0)
    return this.log.length + (inTransaction ? 1 : 0)
  }

  /** How many transactions a power cut cannot take away. */
  get durable(): number {
    const hole = this.log.findIndex(({ place }) => place !== 'on disk')
    return hole < 0 ? this.log.length : hole
  }

  /** The last transaction that had to do with this text, which is in no other. */
  lastAbout(text: string): number {
    return 1 + this.log.findLastIndex(({ writes }) => writes.some(({ params }) => params.includes(text)))
  }

  rows(sql: string): unknown[][] {
    return this.database.prepare(sql).raw(true).all() as unknown[][]
  }

  /** The process ends; what it wrote stays in the operating system's memory. */
  kill(): void {
    this.call = undefined
    this.transaction = undefined
    this.replay()
  }

  /** The machine loses its power. What was not on disk may have got there by chance. */
  cutPower(): void {
    const luck = this.chance.number()
    const kept: Transaction[] = []
    for (const transaction of this.log) {
      if (transaction.place !== 'on disk' && !this.chance.happens(luck)) break
      kept.push({ ...transaction, place: 'on disk' })
    }
    this.log = kept
    this.kill()
  }

  close(): void {
    this.database.close()
  }

  /** The engine of one process. */
  open(): SerialEngine {
    const { database, statements } = this
    const guard = <T>(action: () => T): T => {
      try {
        return action()
      } catch (error) {
        throw new DatabaseError(error instanceof Error ? error.message : String(error))
      }
    }
    return {
      all: bound =>
        guard(() => {
          const compiled = compile(database, statements, bound)
          if (compiled.reader) return compiled.all(...bound.params) as unknown[][]
          compiled.run(...bound.params)
          this.transaction?.push(bound)
          return []
        }),
      exec: sql => guard(() => this.execute(database, sql)),
      rows: sql => guard(() => database.prepare(sql).raw(true).all() as unknown[][]),
      sync: () => this.ask('sync'),
      repair: () => this.ask('repair'),
      forgetDeleted: () => true,
      backup: () => Promise.reject(new Error('not simulated')),
      close() {},
    }
  }

  private execute(database: Database.Database, sql: string): void {
    if (sql.startsWith('PRAGMA')) return
    if (sql === 'BEGIN IMMEDIATE' && this.chance.happens(this.faults.locked))
      throw new Error('database is locked')
    if (sql === 'COMMIT' && this.transaction !== undefined && this.chance.happens(this.faults.full)) {
      database.exec('ROLLBACK')
      this.transaction = undefined
      throw new Error('database or disk is full')
    }
    database.exec(sql)
    if (sql === 'BEGIN IMMEDIATE') this.transaction = []
    if (sql === 'ROLLBACK') this.transaction = undefined
    if (sql === 'COMMIT' && this.transaction !== undefined) {
      if (this.transaction.length > 0) this.log.push({ writes: this.transaction, place: 'waiting' })
      this.transaction = undefined
    }
  }

  private ask(kind: DiskCall['kind']): Promise<void> {
    if (this.call !== undefined) throw new Error(`a ${kind} while a ${this.call.kind} is under way`)
    const concerned = this.log.slice()
    return new Promise((resolve, reject) => {
      const end = (change: (transaction: Transaction) => void, answer: () => void) => () => {
        this.call = undefined
        concerned.forEach(change)
        answer()
      }
      this.call = {
        kind,
        succeed: end(transaction => {
          if (kind === 'repair' || transaction.place === 'waiting') transaction.place = 'on disk'
        }, resolve),
        fail: end(
          transaction => {
            if (transaction.place === 'waiting')
              transaction.place = this.chance.happens(0.2) ? 'on disk' : 'given up'
          },
          () => reject(new DatabaseError('disk I/O error')),
        ),
      }
    })
  }

  private replay(): void {
    this.database.close()
    this.database = new Database(this.start)
    this.database.exec('BEGIN')
    this.statements = new Map()
    for (const { writes } of this.log)
      for (const write of writes) compile(this.database, this.statements, write).run(...write.params)
    this.database.exec('COMMIT')
  }
}
