import { db, query } from '../../db/query.ts'
import { apps } from '../../db/schema.ts'

/** The smallest query, to check that a database answers. */
export const ping = query()(() => db.select({ app_id: apps.app_id }).from(apps).limit(1))
