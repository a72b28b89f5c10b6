/**
 * The parts of Bun's and Node's SQLite modules that Cohort uses. The installed types are those of Node 20,
 * which has neither module.
 */
declare module 'bun:sqlite' {
  export class Database {
    constructor(file: string, options: { create: boolean; readwrite: boolean })
    prepare(sql: string): { values(...params: readonly unknown[]): unknown[][] | null; finalize(): void }
    run(sql: string): void
    close(): void
  }
}

declare module 'node:sqlite' {
  export function backup(
    database: DatabaseSync,
    file: string,
    options: { rate: number; progress(state: { totalPages: number; remainingPages: number }): void },
  ): Promise<number>
  export class DatabaseSync {
    constructor(file: string)
    prepare(sql: string): {
      columns(): { name: string; type: string | null }[]
      setReturnArrays(enabled: boolean): void
      all(...params: readonly unknown[]): unknown[][]
    }
    exec(sql: string): void
    close(): void
  }
}
