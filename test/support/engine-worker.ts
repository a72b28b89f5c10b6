/** Run by workerd: holds D1 against the contract and answers what became of each case, as JSON. */
import { type D1DatabaseLike, d1 } from '../../src/db/engines/d1.ts'
import { migrations } from '../../src/db/migrations.gen.ts'
import { optimisticExecutor } from '../../src/operation/optimistic-executor.ts'
import { type RemoteBank, reportOf } from '../contracts/engine/bank.ts'
import { everyEngine } from '../contracts/engine/every.ts'
import { remoteEngines } from '../contracts/engine/remote.ts'

interface D1 extends D1DatabaseLike {
  prepare(sql: string): unknown
  batch(statements: unknown[]): Promise<unknown>
}

function remoteBank(database: D1): RemoteBank {
  let sent = 0
  const engine = d1({
    withSession(start) {
      const session = database.withSession(start)
      return {
        prepare: sql => session.prepare(sql),
        batch(statements) {
          sent++
          return session.batch(statements)
        },
        getBookmark: () => session.getBookmark(),
      }
    },
  })
  return {
    executor: options => optimisticExecutor(engine, options),
    async batches(action) {
      const before = sent
      await action()
      return sent - before
    },
  }
}

export default {
  async fetch(_: Request, { DB }: { DB: D1 }): Promise<Response> {
    const statements = migrations.flatMap(({ sql }) => sql.split('--> statement-breakpoint'))
    await DB.batch(statements.map(statement => DB.prepare(statement)))
    return Response.json(await reportOf({ ...everyEngine, ...remoteEngines }, remoteBank(DB)))
  },
}
