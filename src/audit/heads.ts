import { lte, sql } from 'drizzle-orm'
import { command, db, query } from '../db/query.ts'
import { auditHeads } from '../db/schema-audit.ts'

/** The heads that were last written to the log at this time or before it. */
export const untoldHeads = query<{ before: number }>()(p =>
  db
    .select({ app_id: auditHeads.app_id, number: auditHeads.head_number, hash: auditHeads.head_hash })
    .from(auditHeads)
    .where(lte(auditHeads.told_at, p.before)),
)

export const toldHead = command<{ app_id: string; now: number }>()(
  p => sql`UPDATE audit_heads SET told_at = ${p.now} WHERE app_id = ${p.app_id}`,
)
