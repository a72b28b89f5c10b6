import { sql } from 'drizzle-orm'
import { command, db, query } from '../db/query.ts'
import { deletedApps } from '../db/schema-operator.ts'
import { groupStatus, objectState } from '../db/states.ts'
import { runTask, task } from '../operation/task.ts'
import type { Job } from './job.ts'

/*
 * A deleted app answers nobody from the moment of its deletion. Its data is removed in portions, so that
 * nobody waits.
 */

const portion = 500

const going = query()(() => db.select({ app_id: deletedApps.app_id }).from(deletedApps).limit(10))

const firstGroups = (app_id: unknown) =>
  sql`(SELECT group_id FROM groups WHERE app_id = ${app_id} AND status = ${groupStatus.living} ORDER BY group_id LIMIT ${sql.raw(String(portion))})`

type OfApp = { app_id: string }

const uncountGroups = command<OfApp>()(
  p => sql`UPDATE users SET groups_created = groups_created -
      (SELECT count(*) FROM groups g WHERE g.creator_id = users.user_id AND g.group_id IN ${firstGroups(p.app_id)})
    WHERE app_id = ${p.app_id} AND user_id IN (SELECT creator_id FROM groups WHERE group_id IN ${firstGroups(p.app_id)})`,
)
const dissolveGroups = command<OfApp>()(
  p => sql`UPDATE groups SET status = ${groupStatus.dissolved}, name = '', description = '', avatar = '', ext = ''
    WHERE group_id IN ${firstGroups(p.app_id)}`,
)
const releaseObjects = command<OfApp>()(
  p => sql`UPDATE objects SET state = ${objectState.released} WHERE object_name IN
    (SELECT object_name FROM objects WHERE app_id = ${p.app_id} AND state = ${objectState.stored} LIMIT ${sql.raw(String(portion))})`,
)
const dropInvitations = command<OfApp>()(
  p => sql`DELETE FROM invitations WHERE invitation_id IN
    (SELECT invitation_id FROM invitations WHERE app_id = ${p.app_id} LIMIT ${sql.raw(String(portion))})`,
)
// Other jobs delete the groups and the bytes, and reduce the counts in these rows. So a row is deleted only
// when its counts are 0.
const dropUsers = command<OfApp>()(
  p => sql`DELETE FROM users WHERE app_id = ${p.app_id} AND groups_created = 0 AND groups_joined = 0 AND user_file_bytes = 0
    AND user_id IN (SELECT user_id FROM users WHERE app_id = ${p.app_id}
      AND groups_created = 0 AND groups_joined = 0 AND user_file_bytes = 0 LIMIT ${sql.raw(String(portion))})`,
)
const dropEvents = command<OfApp>()(
  p => sql`DELETE FROM events WHERE app_id = ${p.app_id} AND seq IN
    (SELECT seq FROM events WHERE app_id = ${p.app_id} ORDER BY seq LIMIT ${sql.raw(String(portion))})`,
)
const dropChain = command<OfApp>()(
  p => sql`DELETE FROM audit_chain WHERE app_id = ${p.app_id} AND number IN
    (SELECT number FROM audit_chain WHERE app_id = ${p.app_id} ORDER BY number LIMIT ${sql.raw(String(portion))})`,
)
const dropKeptAnswers = command<OfApp>()(
  p => sql`DELETE FROM idempotency WHERE app_id = ${p.app_id} AND (app_id, day, hash) IN
    (SELECT app_id, day, hash FROM idempotency WHERE app_id = ${p.app_id} LIMIT ${sql.raw(String(portion))})`,
)
// Their rows have no app of their own: the webhooks go last.
const itsWebhooks = (app_id: unknown) => sql`(SELECT webhook_id FROM webhooks WHERE app_id = ${app_id})`
const dropHolds = command<OfApp>()(
  p => sql`DELETE FROM webhook_holds WHERE (webhook_id, lane) IN
    (SELECT webhook_id, lane FROM webhook_holds WHERE webhook_id IN ${itsWebhooks(p.app_id)} LIMIT ${sql.raw(String(portion))})`,
)
const dropParked = command<OfApp>()(
  p => sql`DELETE FROM webhook_parked WHERE (webhook_id, seq) IN
    (SELECT webhook_id, seq FROM webhook_parked WHERE webhook_id IN ${itsWebhooks(p.app_id)} LIMIT ${sql.raw(String(portion))})`,
)
const dropWebhooks = command<OfApp>()(
  p => sql`DELETE FROM webhooks WHERE app_id = ${p.app_id}
    AND NOT EXISTS (SELECT 1 FROM webhook_holds h WHERE h.webhook_id = webhooks.webhook_id)
    AND NOT EXISTS (SELECT 1 FROM webhook_parked k WHERE k.webhook_id = webhooks.webhook_id)`,
)
const dropHead = command<OfApp>()(p => sql`DELETE FROM audit_heads WHERE app_id = ${p.app_id}`)
const dropErasures = command<OfApp>()(p => sql`DELETE FROM erased_users WHERE app_id = ${p.app_id}`)
const forget = command<OfApp>()(p => sql`DELETE FROM deleted_apps WHERE app_id = ${p.app_id}`)

/** What is left of a deleted app. Each column only tells whether there is anything of that kind. */
const leftovers = query<OfApp>()(p =>
  db
    .select({
      groups:
        sql<number>`EXISTS (SELECT 1 FROM groups WHERE app_id = ${p.app_id} AND status = ${groupStatus.living})`.as(
          'groups',
        ),
      objects:
        sql<number>`EXISTS (SELECT 1 FROM objects WHERE app_id = ${p.app_id} AND state = ${objectState.stored})`.as(
          'objects',
        ),
      invitations: sql<number>`EXISTS (SELECT 1 FROM invitations WHERE app_id = ${p.app_id})`.as(
        'invitations',
      ),
      events: sql<number>`EXISTS (SELECT 1 FROM events WHERE app_id = ${p.app_id})`.as('events'),
      batches: sql<number>`EXISTS (SELECT 1 FROM audit_chain WHERE app_id = ${p.app_id})`.as('batches'),
      answers: sql<number>`EXISTS (SELECT 1 FROM idempotency WHERE app_id = ${p.app_id})`.as('answers'),
      webhooks: sql<number>`EXISTS (SELECT 1 FROM webhooks WHERE app_id = ${p.app_id})`.as('webhooks'),
      users: sql<number>`EXISTS (SELECT 1 FROM users WHERE app_id = ${p.app_id})`.as('users'),
      idle: sql<number>`EXISTS (SELECT 1 FROM users WHERE app_id = ${p.app_id} AND groups_created = 0 AND groups_joined = 0
        AND user_file_bytes = 0)`.as('idle'),
    })
    .from(deletedApps)
    .where(sql`${deletedApps.app_id} = ${p.app_id}`),
)

const removePortion = (app_id: string) =>
  task({
    reads: () => [leftovers({ app_id })],
    decide: (_, [[left]]) => {
      if (left === undefined) return { data: 'done' as const }
      const { idle, ...kinds } = left
      const { groups, objects, invitations, events, batches, answers, webhooks } = kinds
      if (Object.values(kinds).every(some => some === 0))
        return {
          data: 'done' as const,
          writes: [dropHead({ app_id }), dropErasures({ app_id }), forget({ app_id })],
        }
      const writes = [
        ...(groups === 1 ? [uncountGroups({ app_id }), dissolveGroups({ app_id })] : []),
        ...(objects === 1 ? [releaseObjects({ app_id })] : []),
        ...(invitations === 1 ? [dropInvitations({ app_id })] : []),
        ...(events === 1 ? [dropEvents({ app_id })] : []),
        ...(batches === 1 ? [dropChain({ app_id })] : []),
        ...(answers === 1 ? [dropKeptAnswers({ app_id })] : []),
        ...(webhooks === 1 ? [dropHolds({ app_id }), dropParked({ app_id }), dropWebhooks({ app_id })] : []),
        ...(idle === 1 ? [dropUsers({ app_id })] : []),
      ]
      // Other jobs have to delete the rest first.
      return writes.length === 0 ? { data: 'waiting' as const } : { data: 'more' as const, writes }
    },
  })

/** Removes what deleted apps left behind. */
export const sweepApps: Job = {
  name: 'sweep-apps',
  title: 'remove what deleted apps left behind',
  everyMs: 30_000,
  async run({ executors, mayGoOn, attempt, clock }) {
    let portions = 0
    for (const executor of executors) {
      for (const { app_id } of await executor.read(going({}))) {
        await attempt(`app ${app_id}`, async () => {
          while (mayGoOn(portions) && (await runTask(executor, removePortion(app_id), clock())) === 'more')
            portions++
        })
      }
    }
    return { portions }
  },
}
