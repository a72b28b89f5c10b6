/**
 * The Worker, with what was asked of D1 since its start in a header: calls, the statements in them, rows
 * read, rows written.
 */
import type { D1DatabaseLike } from '../../../src/db/engines/d1.ts'
import worker from '../../../src/entry/worker.ts'

interface Metered {
  readonly meta: { readonly rows_read: number; readonly rows_written: number }
}

/** `apps`: reads of an app, which come every five seconds and are counted apart from the rest. */
const counted = { apps: 0, calls: 0, statements: 0, read: 0, written: 0 }
const readsOfApps = new WeakSet<object>()

const counting = (database: D1DatabaseLike): D1DatabaseLike => ({
  withSession(start) {
    const session = database.withSession(start)
    return {
      prepare(sql) {
        const statement = session.prepare(sql)
        if (!/^select [^()]* from "apps" where "apps"."app_id" = \+\?$/.test(sql)) return statement
        const bind = (...params: unknown[]) => {
          const bound = statement.bind(...params)
          readsOfApps.add(bound)
          return bound
        }
        return { bind }
      },
      getBookmark: () => session.getBookmark(),
      async batch(statements) {
        if (statements.every(statement => readsOfApps.has(statement))) {
          counted.apps++
          return session.batch(statements)
        }
        counted.calls++
        counted.statements += statements.length
        const results = await session.batch(statements)
        for (const { meta } of results as unknown as Metered[]) {
          counted.read += meta.rows_read
          counted.written += meta.rows_written
        }
        return results
      },
    }
  },
})

type Bindings = Parameters<typeof worker.fetch>[1]

const countingIn = (bindings: Bindings): Bindings => ({
  ...bindings,
  DB: counting(bindings.DB as D1DatabaseLike),
})

export default {
  async fetch(request: Request, bindings: Bindings, context: Parameters<typeof worker.fetch>[2]) {
    const response = await worker.fetch(request, countingIn(bindings), context)
    const headers = new Headers(response.headers)
    headers.set('x-d1', JSON.stringify(counted))
    return new Response(response.body, { status: response.status, headers })
  },
  scheduled: (event: unknown, bindings: Bindings) => worker.scheduled(event, countingIn(bindings)),
}
