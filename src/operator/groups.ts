import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { db, query } from '../db/query.ts'
import { apps, groups } from '../db/schema.ts'
import { typeColumn } from '../group/group-operation.ts'
import { refuse } from '../operation/errors.ts'
import { id, paging, text } from '../operation/fields.ts'
import { operation } from '../operation/operation.ts'
import { cut, foreignCursor, keyBehind } from './list-cursor.ts'

/*
 * The groups of an app, for its administrator. Each order has an index of its own, so that every page is
 * cheap.
 */

const columns = {
  group_id: groups.group_id,
  name: groups.name,
  avatar: groups.avatar,
  type: typeColumn,
  owner_id: groups.owner_id,
  count: groups.count,
  capacity: groups.capacity,
  created_at: groups.created_at,
  updated_at: groups.updated_at,
}

/**
 * Sorts after every other character. So a prefix with this character sorts after all names with that prefix.
 */
const lastCharacter = '\u{10ffff}'

type After = Readonly<{ app_id: string; key: string | number; id: number; most: number }>

const living = (app_id: unknown) => sql`${groups.app_id} = ${app_id} AND ${groups.status} = 0`

const byNewest = query<After>()(p =>
  db
    .select(columns)
    .from(groups)
    .where(and(living(p.app_id), sql`${groups.group_id} < ${p.id}`))
    .orderBy(sql`${groups.group_id} DESC`)
    .limit(p.most),
)
const byName = query<After & { from: string; to: string }>()(p =>
  db
    .select(columns)
    .from(groups)
    .where(
      and(
        living(p.app_id),
        sql`${groups.name} COLLATE NOCASE >= ${p.from} AND ${groups.name} COLLATE NOCASE < ${p.to}`,
        sql`(${groups.name} COLLATE NOCASE, ${groups.group_id}) > (${p.key}, ${p.id})`,
      ),
    )
    .orderBy(sql`${groups.name} COLLATE NOCASE, ${groups.group_id}`)
    .limit(p.most),
)
const bySize = query<After>()(p =>
  db
    .select(columns)
    .from(groups)
    .where(and(living(p.app_id), sql`(${groups.count}, ${groups.group_id}) < (${p.key}, ${p.id})`))
    .orderBy(sql`${groups.count} DESC, ${groups.group_id} DESC`)
    .limit(p.most),
)
const byOwner = query<After>()(p =>
  db
    .select(columns)
    .from(groups)
    .where(and(living(p.app_id), sql`(${groups.owner_id}, ${groups.group_id}) > (${p.key}, ${p.id})`))
    .orderBy(sql`${groups.owner_id}, ${groups.group_id}`)
    .limit(p.most),
)
const ofOwner = query<After & { owner_id: number }>()(p =>
  db
    .select(columns)
    .from(groups)
    .where(and(living(p.app_id), eq(groups.owner_id, p.owner_id), sql`${groups.group_id} < ${p.id}`))
    .orderBy(sql`${groups.group_id} DESC`)
    .limit(p.most),
)

const countAll = query<{ app_id: string }>()(p =>
  db.select({ total: apps.group_count }).from(apps).where(eq(apps.app_id, p.app_id)),
)
const countNamed = query<{ app_id: string; from: string; to: string }>()(p =>
  db
    .select({ total: sql<number>`count(*)`.as('total') })
    .from(groups)
    .where(
      and(
        living(p.app_id),
        sql`${groups.name} COLLATE NOCASE >= ${p.from} AND ${groups.name} COLLATE NOCASE < ${p.to}`,
      ),
    ),
)
const countOfOwner = query<{ app_id: string; owner_id: number }>()(p =>
  db
    .select({ total: sql<number>`count(*)`.as('total') })
    .from(groups)
    .where(and(living(p.app_id), eq(groups.owner_id, p.owner_id))),
)

const largest = Number.MAX_SAFE_INTEGER
const orders = ['newest', 'name', 'size', 'owner'] as const

interface Listing {
  readonly sort: (typeof orders)[number]
  readonly name: string
  readonly owner_id?: number | undefined
}

/**
 * The name of the list that the input asks for. Cursors carry it, so a cursor of another list does not fit.
 */
const listOf = ({ sort, name, owner_id }: Listing): string =>
  owner_id === undefined ? (name === '' ? `groups ${sort}` : `groups named ${name}`) : `groups of ${owner_id}`

const keyOf = ({ sort, name, owner_id }: Listing) => {
  if (owner_id !== undefined) return (row: { group_id: number }) => [0, row.group_id] as const
  if (name !== '' || sort === 'name')
    return (row: { name: string; group_id: number }) => [row.name, row.group_id] as const
  if (sort === 'size') return (row: { count: number; group_id: number }) => [row.count, row.group_id] as const
  if (sort === 'owner')
    return (row: { owner_id: number; group_id: number }) => [row.owner_id, row.group_id] as const
  return (row: { group_id: number }) => [0, row.group_id] as const
}

function startOf({ sort, name, owner_id }: Listing): readonly [string | number, number] {
  if (owner_id !== undefined) return [0, largest]
  if (name !== '' || sort === 'name') return ['', 0]
  if (sort === 'size') return [largest, largest]
  return sort === 'owner' ? [0, 0] : [0, largest]
}

export const listGroups = operation({
  id: 'get__admin_groups',
  methods: ['GET'],
  path: '/admin/groups',
  title: 'List the groups of the app',
  description:
    'All of them, newest first or in another order; those whose name begins with a text, by name; or those of one owner, newest first.',
  tag: 'administration',
  who: 'administrator',
  paged: true,
  input: z.object({
    sort: z
      .enum(orders, { error: `must be one of ${orders.join(', ')}` })
      .default('newest')
      .describe('their order'),
    name: text(64)
      .default('')
      .describe('only groups whose name begins so; upper and lower case of ASCII are the same'),
    owner_id: id.optional().describe('only groups of this owner'),
    ...paging(100),
  }),
  answer: z.array(
    z.object({
      group_id: z.int(),
      name: z.string(),
      avatar: z.string(),
      type: z.int(),
      owner_id: z.int(),
      count: z.int().describe('members'),
      capacity: z.int(),
      created_at: z.int().describe('milliseconds'),
      updated_at: z.int().describe('milliseconds'),
    }),
  ),
  reads: ({ app: { app_id }, input }) => {
    if (input.name !== '' && input.owner_id !== undefined)
      return refuse('invalid_parameter', 'name and owner_id do not go together: send one of them')
    const after = keyBehind(listOf(input), input.cursor, startOf(input))
    if (after === undefined) return refuse('invalid_parameter', foreignCursor)
    const [key, group] = after
    const page = { app_id, key, id: group, most: input.limit + 1 }
    const { owner_id } = input
    if (owner_id !== undefined) return [ofOwner({ ...page, owner_id }), countOfOwner({ app_id, owner_id })]
    const range = { from: input.name, to: input.name + lastCharacter }
    if (input.name !== '') return [byName({ ...page, ...range }), countNamed({ app_id, ...range })]
    if (input.sort === 'name') return [byName({ ...page, ...range }), countAll({ app_id })]
    const order = { newest: byNewest, size: bySize, owner: byOwner }[input.sort]
    return [order(page), countAll({ app_id })]
  },
  decide: ({ input }, [found, [counted]]) => {
    const { rows, cursor } = cut(listOf(input), found, input.limit, keyOf(input))
    return { data: [...rows], page: { cursor, total: counted?.total ?? 0, version: 0 } }
  },
})
