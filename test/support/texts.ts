import type { Answer } from './client.ts'
import type { User } from './groups.ts'

/** Who is there: a group of the owner, an admin and two members, and somebody outside. */
export interface Cast {
  readonly group_id: number
  readonly owner: User
  readonly member: User
  readonly stranger: User
}

export interface TextField {
  /** The operation and the parameter. */
  readonly field: string
  /** Undefined where the specification leaves it open. */
  readonly min: number | undefined
  readonly max: number
  /** Whether it may have control characters. */
  readonly control: boolean
  /** Whether the specification calls it a name. */
  readonly name: boolean
  /** Writes a value: the answer, and what is read back where it was taken. */
  write(cast: Cast, value: string): Promise<{ answer: Answer; read?: unknown }>
  /** Makes a good value of so many code points of a unit that is not good by itself. */
  padded?(unit: string, count: number): string
}

const inUrl = (unit: string, count: number): string =>
  `https://example.org/${unit.repeat(count - 'https://example.org/'.length)}`

/** Posts, and reads back if that went well. */
const posted =
  (post: (cast: Cast, value: string) => Promise<Answer>, read: (cast: Cast, answer: Answer) => unknown) =>
  async (cast: Cast, value: string) => {
    const answer = await post(cast, value)
    return answer.code === 200 ? { answer, read: await read(cast, answer) } : { answer }
  }

const created = (field: 'name' | 'description' | 'avatar') =>
  posted(
    ({ owner }, value) => owner.post('/group/create', { [field]: value }),
    async ({ owner }, { data }) => (await owner.get('/group/info', { group_id: data.group_id })).data[field],
  )

const profile = (field: 'name' | 'description' | 'avatar' | 'ext') =>
  posted(
    ({ owner, group_id }, value) => owner.post(`/group/info/${field}`, { group_id, value }),
    async ({ stranger, group_id }) => (await stranger.get('/group/info', { group_id })).data[field],
  )

const announced = (field: 'title' | 'content') =>
  posted(
    ({ owner, group_id }, value) =>
      owner.post('/group/announcement/edit', { group_id, title: 'T', content: 'C', [field]: value }),
    async ({ member, group_id }) => (await member.get('/group/announcement/last', { group_id })).data[field],
  )

const shared = (field: 'name' | 'type' | 'url') =>
  posted(
    ({ member, group_id }, value) =>
      member.post('/group/file/upload', {
        group_id,
        name: 'n',
        size: 1,
        type: 't',
        url: 'https://example.org/x',
        [field]: value,
      }),
    async ({ owner, group_id }, { data }) =>
      (await owner.get('/group/file', { group_id, file_id: data.file_id })).data[field],
  )

const renamed = async (cast: Cast, value: string) => {
  const { member, group_id } = cast
  const { data } = await member.post('/group/file/upload', {
    group_id,
    name: 'n',
    size: 1,
    url: 'https://example.org/x',
  })
  const answer = await member.post('/group/file/update_name', {
    group_id,
    file_id: data.file_id,
    name: value,
  })
  if (answer.code !== 200) return { answer }
  return { answer, read: (await member.get('/group/file', { group_id, file_id: data.file_id })).data.name }
}

/** Every text a caller can write, with its limits (docs/behaviour.md, section 5). */
export const texts: readonly TextField[] = [
  { field: 'create.name', min: 0, max: 64, control: false, name: true, write: created('name') },
  {
    field: 'create.description',
    min: 0,
    max: 1024,
    control: true,
    name: false,
    write: created('description'),
  },
  {
    field: 'create.avatar',
    min: 0,
    max: 2048,
    control: false,
    name: false,
    write: created('avatar'),
    padded: inUrl,
  },
  { field: 'info/name.value', min: 1, max: 64, control: false, name: true, write: profile('name') },
  {
    field: 'info/description.value',
    min: 0,
    max: 1024,
    control: true,
    name: false,
    write: profile('description'),
  },
  {
    field: 'info/avatar.value',
    min: 0,
    max: 2048,
    control: false,
    name: false,
    write: profile('avatar'),
    padded: inUrl,
  },
  { field: 'info/ext.value', min: 0, max: 4096, control: true, name: false, write: profile('ext') },
  {
    field: 'display_name.value',
    min: 0,
    max: 64,
    control: false,
    name: true,
    write: posted(
      ({ member, group_id }, value) => member.post('/group/display_name', { group_id, value }),
      async ({ owner, member, group_id }) =>
        (await owner.post('/group/members/display_name', { group_id, user_list: [member.id] })).data[0]
          .display_name,
    ),
  },
  {
    field: 'apply.reason',
    min: 0,
    max: 256,
    control: true,
    name: false,
    write: posted(
      ({ stranger, group_id }, reason) => stranger.post('/group/apply', { group_id, reason }),
      async ({ owner, group_id }) =>
        (await owner.post('/group/application_list', { group_list: [group_id] })).data[0].reason,
    ),
  },
  {
    field: 'invite.reason',
    min: 0,
    max: 256,
    control: true,
    name: false,
    write: async (cast, reason) => {
      const { owner, stranger, group_id } = cast
      await stranger.post('/user/settings', { group_confirm: true })
      const answer = await owner.post('/group/invite', { group_id, user_list: [stranger.id], reason })
      return answer.code === 200
        ? { answer, read: (await stranger.get('/group/invitation_list')).data[0].reason }
        : { answer }
    },
  },
  { field: 'announcement.title', min: 0, max: 128, control: true, name: false, write: announced('title') },
  {
    field: 'announcement.content',
    min: 0,
    max: 8192,
    control: true,
    name: false,
    write: announced('content'),
  },
  { field: 'file/upload.name', min: undefined, max: 255, control: false, name: true, write: shared('name') },
  { field: 'file/upload.type', min: 0, max: 128, control: false, name: false, write: shared('type') },
  {
    field: 'file/upload.url',
    min: undefined,
    max: 2048,
    control: false,
    name: false,
    write: shared('url'),
    padded: inUrl,
  },
  { field: 'file/update_name.name', min: undefined, max: 255, control: false, name: true, write: renamed },
]
