import { sql } from 'drizzle-orm'
import { db, query } from '../db/query.ts'
import type { Executor } from '../operation/executor.ts'

/** An app with events that are not in its chain yet. `head` is the `seq` of its newest event. */
export interface Unsealed {
  readonly app_id: string
  readonly head: number
}

/** How many apps one statement looks at. */
const portion = 500

const appsAfter = query<{ after: string }>()(p =>
  db
    .select({
      app_id: sql<string>`a.app_id`.as('app_id'),
      head: sql<number>`coalesce((SELECT max(seq) FROM events e WHERE e.app_id = a.app_id), 0)`.as('head'),
      sealed:
        sql<number>`coalesce((SELECT max(last_seq) FROM audit_chain c WHERE c.app_id = a.app_id), 0)`.as(
          'sealed',
        ),
    })
    .from(sql`apps AS a`)
    .where(sql`a.app_id > ${p.after}`)
    .orderBy(sql`a.app_id`)
    .limit(portion),
)

/** The apps that have events which are not sealed. */
export async function unsealedApps(executor: Executor): Promise<Unsealed[]> {
  const found: Unsealed[] = []
  for (let after: string | undefined = ''; after !== undefined; ) {
    const looked: (Unsealed & { sealed: number })[] = await executor.read(appsAfter({ after }))
    found.push(...looked.filter(({ head, sealed }) => head > sealed))
    after = looked.length === portion ? looked.at(-1)?.app_id : undefined
  }
  return found
}
