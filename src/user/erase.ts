import * as z from 'zod'
import { refuse } from '../operation/errors.ts'
import { boolean, id, paging } from '../operation/fields.ts'
import { operation } from '../operation/operation.ts'
import { cut, foreignCursor, keyBehind } from '../operator/list-cursor.ts'
import { holdings, ownedGroups } from './holdings.ts'
import { beginErasure, type Erasure, erasureOf, erasuresAfter, ownedChoices } from './ledger.ts'
import { firstStep } from './steps.ts'

/*
 * To erase a user, for the app's administrator (docs/privacy.md). The job in jobs/erase-users.ts does the
 * work.
 */

/** How many groups of the user the answer names. */
const mostNamed = 50

const states = ['none', 'running', 'done'] as const
const stateOf = (erasure: Erasure | undefined): (typeof states)[number] =>
  erasure === undefined ? 'none' : erasure.finished_at === 0 ? 'running' : 'done'

const state = z.enum(states).describe('none: was never erased. running: a job erases it. done: it is erased')
const count = (of: string) => z.int().describe(of)

const extent = z.object({
  owned_groups: count('groups that it owns'),
  memberships: count('groups that it is in, those that it owns among them'),
  applications: count('its applications, in every state'),
  invitations: count('invitations that it got'),
  invitations_sent: count('invitations that it sent'),
  blacklisted: count('blacklists that it is on'),
  bans: count('bans, in groups that it is in and that it left'),
  announcements: count('announcements that it wrote'),
  shared_files: count('files that it shared with groups'),
  files: count('files that it stored'),
  bytes: count('bytes of these files and of what was made from them'),
})

export const eraseUser = operation({
  id: 'post__user_erase',
  methods: ['POST'],
  path: '/user/erase',
  title: 'Erase a user',
  description:
    'Everything of the user goes: memberships, settings, applications, invitations, bans, announcements, shared files, stored files with their bytes, and what events say of it. A job does it in the background and goes on after a crash; /user/erasure tells how far it is. With `dry_run` it only says what would go and what would change hands. A user that owns groups is refused (20004) unless `owned` says what happens to them.',
  tag: 'administration',
  who: 'administrator',
  writes: true,
  input: z.object({
    user_id: id,
    owned: z
      .enum(ownedChoices, { error: 'must be transfer, dissolve or refuse' })
      .default('refuse')
      .describe(
        'groups that it owns. transfer: each goes to the admin who has been in it longest, else to the member who has; without another member it is dissolved. dissolve: all are dissolved. refuse: nothing is erased while it owns one',
      ),
    dry_run: boolean.default(false).describe('true: only say what would go'),
  }),
  answer: extent.extend({
    user_id: z.int(),
    dry_run: z.boolean(),
    state,
    groups: z
      .array(
        z.object({ group_id: z.int(), name: z.string(), new_owner: z.int().describe('0: it is dissolved') }),
      )
      .describe(`groups that it owns, the first ${mostNamed}, and who gets them`),
  }),
  reads: ({ app: { app_id }, input: { user_id } }) => [
    erasureOf({ app_id, user_id }),
    holdings({ app_id, user_id }),
    ownedGroups({ app_id, user_id, most: mostNamed }),
  ],
  decide({ app: { app_id }, input, now }, [[erasure], [held], owned]) {
    const { user_id, dry_run } = input
    if (held === undefined) return refuse('app_not_found')
    const isRunning = stateOf(erasure) === 'running'
    const groups = owned.map(({ group_id, name, heir }) => ({
      group_id,
      name,
      new_owner: input.owned === 'dissolve' ? 0 : (heir ?? 0),
    }))
    const data = { user_id, dry_run, ...held, groups }
    if (dry_run || isRunning) return { data: { ...data, state: stateOf(erasure) } }
    if (input.owned === 'refuse' && held.owned_groups > 0)
      return refuse(
        'owner_cannot_leave',
        `the user owns ${held.owned_groups} groups: send owned=transfer or owned=dissolve`,
      )
    return {
      data: { ...data, state: 'running' as const },
      writes: [beginErasure({ app_id, user_id, now, owned: input.owned, step: firstStep })],
      events: [{ kind: 'user.erasure.requested', users: [user_id] }],
    }
  },
})

const shown = z.object({
  user_id: z.int(),
  state,
  erased_at: z.int().describe('when it was asked for, milliseconds; 0: never'),
  finished_at: z.int().describe('when it was done, milliseconds; 0: not yet'),
})
const show = (user_id: number, erasure: Erasure | undefined): z.infer<typeof shown> => ({
  user_id,
  state: stateOf(erasure),
  erased_at: erasure?.erased_at ?? 0,
  finished_at: erasure?.finished_at ?? 0,
})

export const getErasure = operation({
  id: 'get__user_erasure',
  methods: ['GET'],
  path: '/user/erasure',
  title: 'Ask how far the erasure of a user is',
  description: 'Also after it is done: the ledger keeps the id and these two times, and nothing else.',
  tag: 'administration',
  who: 'administrator',
  input: z.object({ user_id: id }),
  answer: shown,
  reads: ({ app: { app_id }, input: { user_id } }) => [erasureOf({ app_id, user_id })],
  decide: ({ input: { user_id } }, [[erasure]]) => ({ data: show(user_id, erasure) }),
})

export const listErasures = operation({
  id: 'get__user_erasures',
  methods: ['GET'],
  path: '/user/erasures',
  title: 'List the erased users of the app',
  description:
    'The ledger, in the order of ids. Whoever restores a database without cohort restore erases them again.',
  tag: 'administration',
  who: 'administrator',
  paged: 'cursor',
  input: z.object(paging(1000)),
  answer: z.array(shown),
  reads: ({ app: { app_id }, input: { cursor, limit } }) => {
    const after = keyBehind('erasures', cursor, [0, 0])
    if (after === undefined) return refuse('invalid_parameter', foreignCursor)
    return [erasuresAfter({ app_id, user_id: after[1], most: limit + 1 })]
  },
  decide: ({ input: { limit } }, [found]) => {
    const { rows, cursor } = cut('erasures', found, limit, ({ user_id }) => [0, user_id])
    return { data: rows.map(row => show(row.user_id, row)), page: { cursor } }
  },
})
