import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { command, db, query } from '../db/query.ts'
import { announcements } from '../db/schema.ts'
import { refuse } from '../operation/errors.ts'
import { id, pagingIfAsked, text } from '../operation/fields.ts'
import { pagedList } from '../operation/page.ts'
import { nothing } from './answers.ts'
import { groupOperation } from './group-operation.ts'

const announcement = z.object({
  author: z.int(),
  content: z.string(),
  created_at: z.int().describe('milliseconds'),
  group_id: z.int(),
  id: z.int(),
  title: z.string(),
})

const columns = {
  author: announcements.author_id,
  content: announcements.content,
  created_at: announcements.created_at,
  group_id: announcements.group_id,
  id: announcements.announcement_id,
  title: announcements.title,
}

const insert = command<{
  id: number
  group_id: number
  author_id: number
  title: string
  content: string
  now: number
}>()(
  p => sql`INSERT INTO announcements (announcement_id, group_id, author_id, title, content, created_at)
    VALUES (${p.id}, ${p.group_id}, ${p.author_id}, ${p.title}, ${p.content}, ${p.now})`,
)

export const editAnnouncement = groupOperation({
  id: 'post__group_announcement_edit',
  methods: ['POST'],
  path: '/group/announcement/edit',
  title: 'Publish an announcement',
  description: 'A new one each time; the earlier ones stay in the list.',
  requires: 'admin',
  writes: true,
  input: z.object({ group_id: id, title: text(128), content: text(8192) }),
  answer: announcement,
  decide: call => {
    const { group, me, now, newId, input } = call
    const { group_id } = group
    const made = {
      author: me.actor_id,
      content: input.content,
      created_at: now,
      group_id,
      id: newId(),
      title: input.title,
    }
    return {
      data: made,
      writes: [
        insert({
          id: made.id,
          group_id,
          author_id: me.actor_id,
          title: input.title,
          content: input.content,
          now,
        }),
      ],
      events: [call.event('group.announcement.published', { announcements: [made.id], title: made.title })],
    }
  },
})

const byId = query<{ group_id: number; announcement_id: number }>()(p =>
  db
    .select(columns)
    .from(announcements)
    .where(and(eq(announcements.announcement_id, p.announcement_id), eq(announcements.group_id, p.group_id))),
)

export const getAnnouncement = groupOperation({
  id: 'get__group_announcement',
  methods: ['GET'],
  path: '/group/announcement',
  title: 'Get an announcement',
  requires: 'member',
  input: z.object({ group_id: id, announcement_id: id }),
  answer: announcement,
  reads: ({ input }, group_id) => [byId({ group_id, announcement_id: input.announcement_id })],
  decide: (_, [[found]]) => (found === undefined ? refuse('announcement_not_found') : { data: found }),
})

const last = query<{ group_id: number }>()(p =>
  db
    .select(columns)
    .from(announcements)
    .where(eq(announcements.group_id, p.group_id))
    .orderBy(sql`${announcements.announcement_id} DESC`)
    .limit(1),
)

export const lastAnnouncement = groupOperation({
  id: 'get__group_announcement_last',
  methods: ['GET'],
  path: '/group/announcement/last',
  title: 'Get the latest announcement of a group',
  description: '20020 if there is none.',
  requires: 'member',
  input: z.object({ group_id: id }),
  answer: announcement,
  reads: (_, group_id) => [last({ group_id })],
  decide: (_, [[found]]) => (found === undefined ? refuse('announcement_not_found') : { data: found }),
})

const pages = pagedList<{ group_id: number }>()({
  name: 'announcements',
  key: announcements.announcement_id,
  newestFirst: true,
  newestLast: true,
  item: () => columns,
  from: (select, p, beyond) =>
    select.from(announcements).where(and(eq(announcements.group_id, p.group_id), beyond)),
  mayBeLarge: true,
})

export const announcementList = groupOperation({
  id: 'get__group_announcement_list',
  methods: ['GET'],
  path: '/group/announcement/list',
  title: 'List the announcements of a group',
  description:
    'The latest that fit, oldest first. Earlier ones come with the cursor that is answered, again oldest first.',
  requires: 'member',
  paged: 'cursor',
  input: z.object({ group_id: id, ...pagingIfAsked }),
  answer: z.array(announcement),
  reads: (call, group_id) => pages.reads(call, group_id, { group_id }),
  decide: (call, page) => pages.answer(call, call.group.group_id, page),
})

const remove = command<{ announcement_id: number }>()(
  p => sql`DELETE FROM announcements WHERE announcement_id = ${p.announcement_id}`,
)

export const deleteAnnouncement = groupOperation({
  id: 'delete__group_announcement_delete',
  methods: ['DELETE', 'POST'],
  path: '/group/announcement/delete',
  title: 'Delete an announcement',
  requires: 'admin',
  writes: true,
  input: z.object({ group_id: id, announcement_id: id }),
  answer: nothing,
  reads: ({ input }, group_id) => [byId({ group_id, announcement_id: input.announcement_id })],
  decide: (call, [[found]]) => {
    if (found === undefined) return refuse('announcement_not_found')
    return {
      data: {},
      writes: [remove({ announcement_id: found.id })],
      events: [call.event('group.announcement.deleted', { announcements: [found.id] })],
    }
  },
})
