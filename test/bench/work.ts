import { memberOf, stranger, type World } from './world.ts'

/** A request as a work item makes it; `user` calls. */
export interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly user: number
  readonly body?: unknown
  /** Its Idempotency-Key. */
  readonly key?: string
}

export interface Work {
  /** The n-th request. For a write, n is never used twice, and each changes something. */
  request(n: number, world: World): Call
  /** Requests of one round. */
  readonly count: number
  readonly writes?: boolean
  /** Answers bytes and not the envelope. */
  readonly bytes?: boolean
}

const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T
const caller = (world: World, n: number): number => (n % world.callers) + 1
const post = (user: number, path: string, body: unknown): Call => ({ method: 'POST', path, user, body })
const get = (user: number, path: string): Call => ({ method: 'GET', path, user })

/** A group and the user of one of its members, other from call to call. */
function place(world: World, n: number): { group_id: number; owner: number; member: number } {
  const i = n % world.groups.length
  const round = Math.floor(n / world.groups.length)
  return {
    group_id: pick(world.groups, i),
    owner: memberOf(world, i, 0),
    member: memberOf(world, i, 1 + (round % (world.membersOfEach - 1))),
  }
}

const invitation = (world: World, n: number, lane: number, users: number): Call => {
  const { group_id, owner } = place(world, n)
  return post(owner, '/group/invite', {
    group_id,
    user_list: Array.from({ length: users }, (_, k) => stranger(lane, n * users + k)),
  })
}

const page = (size: number, of: 'middle' | 'large'): Work => ({
  count: size > 100 ? 2_000 : 8_000,
  request: (n, world) =>
    get(
      caller(world, n),
      `/group/member_list?group_id=${world[of].group_id}&limit=${size}&cursor=${pick(world[of].cursors, n)}`,
    ),
})

const addTo = (of: 'middle' | 'large', lane: number): Work => ({
  count: 6_000,
  writes: true,
  request: (n, world) =>
    post(1, '/group/invite', { group_id: world[of].group_id, user_list: [stranger(lane, n)] }),
})

const info: Work = {
  count: 20_000,
  request: (n, world) => get(caller(world, n * 7), `/group/info?group_id=${pick(world.groups, n)}`),
}
const smallPage: Work = {
  count: 8_000,
  request: (n, world) =>
    get(place(world, n).member, `/group/member_list?group_id=${place(world, n).group_id}&limit=100`),
}
const userJoined: Work = { count: 15_000, request: (n, world) => get(caller(world, n), '/group/user_joined') }
const reads = [info, smallPage, userJoined]

const text =
  'All of us meet on Thursday at seven, at the usual place. Bring the second volume, and whoever has read the third. '

export const works = {
  info,
  settings: {
    count: 20_000,
    request: (n, world) =>
      get(place(world, n).member, `/group/settings?group_id=${place(world, n).group_id}`),
  },
  smallPage,
  middlePage: page(100, 'middle'),
  largePage: page(100, 'large'),
  middlePage1000: page(1000, 'middle'),
  largePage1000: page(1000, 'large'),
  userJoined,
  invite: { count: 10_000, writes: true, request: (n, world) => invitation(world, n, 1, 1) },
  keyedInvite: {
    count: 10_000,
    writes: true,
    request: (n, world) => ({ ...invitation(world, n, 6, 1), key: `key-${n}` }),
  },
  sync: {
    count: 20_000,
    request: (n, world) => {
      const { group_id, member } = place(world, n)
      // Of no epoch: answered from the group alone, as an equal state is.
      return get(member, `/group/sync?group_id=${group_id}&since=zzzzzz.1`)
    },
  },
  invite500: { count: 100, writes: true, request: (n, world) => invitation(world, n, 2, 500) },
  addToMiddle: addTo('middle', 3),
  addToLarge: addTo('large', 4),
  apply: {
    count: 8_000,
    writes: true,
    request: (n, world) =>
      post(caller(world, Math.floor(n / world.open.length)), '/group/apply', {
        group_id: pick(world.open, n),
      }),
  },
  join: {
    count: 8_000,
    writes: true,
    request: (n, world) =>
      post(caller(world, n), '/group/apply', { group_id: pick(world.hot, Math.floor(n / world.callers)) }),
  },
  ban: {
    count: 10_000,
    writes: true,
    request: (n, world) => {
      const { group_id, owner, member } = place(world, n)
      return post(owner, '/group/ban', { group_id, user_list: [member], duration: 1 + (n % 10_000) })
    },
  },
  kick: {
    count: 8_000,
    writes: true,
    request: (n, world) => {
      const i = n % world.crowded.length
      return post(caller(world, i), '/group/kick', {
        group_id: pick(world.crowded, i),
        user_list: [pick(world.victims, Math.floor(n / world.crowded.length))],
      })
    },
  },
  create: {
    count: 8_000,
    writes: true,
    request: (n, world) =>
      post(caller(world, n), '/group/create', { name: `Group ${n}`, description: 'Made by the benchmark' }),
  },
  announce: {
    count: 8_000,
    writes: true,
    request: (n, world) => {
      const { group_id, owner } = place(world, n)
      return post(owner, '/group/announcement/edit', {
        group_id,
        title: `News ${n}`,
        content: text.repeat(2),
      })
    },
  },
  mixed: {
    count: 15_000,
    writes: true,
    request: (n, world) => (n % 10 === 0 ? invitation(world, n, 5, 1) : pick(reads, n).request(n, world)),
  },
  uploadSlot: {
    count: 8_000,
    writes: true,
    request: (n, world) =>
      get(
        place(world, n).owner,
        `/file/upload/chat?file_type=100&to_type=2&to_id=${place(world, n).group_id}`,
      ),
  },
  download: { count: 4_000, bytes: true, request: (n, world) => get(caller(world, n), world.download) },
  thumbnail: { count: 6_000, bytes: true, request: (n, world) => get(caller(world, n), world.thumbnail) },
  health: { count: 400, bytes: true, request: () => get(1, '/healthz') },
} satisfies Record<string, Work>

export type WorkName = keyof typeof works
export const workNamed = (name: WorkName): Work => works[name]
