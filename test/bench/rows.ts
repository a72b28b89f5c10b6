import type { Scale } from './seed.ts'
import type { WorkName } from './work.ts'

/** One of the two that take turns: a server, a work item, and how many clients at once. */
export interface Side {
  readonly server:
    | 'service'
    | 'yardstick'
    | 'crowded'
    | 'recorded'
    | 'unrecorded'
    | 'binary'
    | 'besideBinary'
    | 'earlier'
    | 'besideEarlier'
    | 'worker'
  /** First part of the path at the yardstick: which of its kinds. */
  readonly path: string
  readonly work: WorkName
  readonly connections: number
  /** Instead of the work item's own number of requests. */
  readonly count?: number
}

/**
 * What of A is divided by what of B. speed: requests a second, more is better. cost: time for a request, less
 * is better. Both also by CPU time, and the worse of the two is held against the target. latency: the median
 * of one request, less is better.
 */
export type Measure = 'speed' | 'cost' | 'latency'
export interface Target {
  readonly atLeast?: number
  readonly atMost?: number
}

export interface Row {
  readonly name: string
  readonly a: Side
  readonly b: Side
  /** What B is, for the table. */
  readonly against: string
  readonly measure: Measure
  readonly target: Target
  /** Whether the limits on p99 hold for A. */
  readonly p99: 'read' | 'write' | undefined
}

const clients = 32

type Yardstick = 'bare' | 'select' | 'body' | 'commit' | 'bytes/original' | 'bytes/thumbnail'
const yardsticks: Readonly<Record<Yardstick, string>> = {
  bare: 'bare Hono',
  select: 'Hono + SELECT',
  body: 'Hono + JSON body',
  commit: 'Hono + own commit',
  'bytes/original': 'Hono + file',
  'bytes/thumbnail': 'Hono + file',
}

const against =
  (p99: Row['p99']) =>
  (name: string, work: WorkName, yardstick: Yardstick, target: Target = {}): Row => ({
    name,
    a: { server: 'service', path: '', work, connections: clients },
    b: { server: 'yardstick', path: `/${yardstick}`, work, connections: clients },
    against: yardsticks[yardstick],
    measure: 'speed',
    target,
    p99,
  })
const read = against('read')
const write = against('write')
const other = against(undefined)

/** The service against what one would have without it. */
export const workRows = ({ middle, large }: Scale): Row[] => [
  read('info', 'info', 'select', { atLeast: 0.85 }),
  read('info', 'info', 'bare'),
  read('settings', 'settings', 'select'),
  read('members: 100 of 100', 'smallPage', 'select', { atLeast: 0.8 }),
  read(`members: 100 of ${short(middle)}`, 'middlePage', 'select', { atLeast: 0.8 }),
  read(`members: 100 of ${short(large)}`, 'largePage', 'select', { atLeast: 0.8 }),
  read(`members: 1000 of ${short(middle)}`, 'middlePage1000', 'select'),
  read(`members: 1000 of ${short(large)}`, 'largePage1000', 'select'),
  read('user_joined (102 groups)', 'userJoined', 'select'),
  write('invite one', 'invite', 'body', { atLeast: 0.45 }),
  write('invite one', 'invite', 'commit'),
  other('invite 500', 'invite500', 'body'),
  write('apply, joins at once', 'apply', 'body'),
  write('all join one chatroom', 'join', 'body'),
  write('ban', 'ban', 'body'),
  write('kick', 'kick', 'body'),
  write('create', 'create', 'body', { atLeast: 0.4 }),
  write('publish announcement', 'announce', 'body'),
  write('90 % reads, 10 % invites', 'mixed', 'select'),
  write('upload slot', 'uploadSlot', 'bare'),
  other('download 100 kB', 'download', 'bytes/original'),
  other('thumbnail, made before', 'thumbnail', 'bytes/thumbnail'),
]

const service = (work: WorkName, connections = clients, count?: number): Side => ({
  server: 'service',
  path: '',
  work,
  connections,
  ...(count !== undefined && { count }),
})

/** The service against itself: what must not grow. */
export const growthRows = ({ middle, large, crowd }: Scale): Row[] => [
  {
    name: `page of 100 of ${short(large)} members`,
    a: service('largePage'),
    b: service('middlePage'),
    against: `of ${short(middle)}`,
    measure: 'cost',
    target: { atMost: 1.15 },
    p99: undefined,
  },
  {
    name: `invite one to ${short(large)} members`,
    a: service('addToLarge'),
    b: service('addToMiddle'),
    against: `to ${short(middle)}`,
    measure: 'cost',
    target: { atMost: 1.2 },
    p99: undefined,
  },
  {
    name: `info among ${short(crowd)} groups`,
    a: { ...service('info'), server: 'crowded' },
    b: service('info'),
    against: 'among 1 302',
    measure: 'cost',
    target: { atMost: 1.2 },
    p99: undefined,
  },
  {
    name: '500 users in one invite, one client',
    a: service('invite500', 1, 60),
    b: service('invite', 1, 300),
    against: 'one user',
    measure: 'latency',
    target: { atMost: 3 },
    p99: undefined,
  },
]

const recorded = (work: WorkName): Side => ({ ...service(work), server: 'recorded' })

/** What events cost, and what they give: the service against itself. */
export const eventRows: readonly Row[] = [
  {
    name: 'events: invite one, recorded',
    a: recorded('invite'),
    b: { ...recorded('invite'), server: 'unrecorded' },
    against: 'not recorded',
    measure: 'speed',
    target: { atLeast: 0.92 },
    p99: 'write',
  },
  {
    name: 'events: invite one, with a key',
    a: recorded('keyedInvite'),
    b: recorded('invite'),
    against: 'without a key',
    measure: 'speed',
    target: { atLeast: 0.85 },
    p99: 'write',
  },
  {
    name: 'events: sync of a known group',
    a: recorded('sync'),
    b: recorded('info'),
    against: 'info',
    measure: 'speed',
    target: {},
    p99: 'read',
  },
]

/** The same work under local workerd with D1: a simulator, which says little about the edge. */
export const workerRows: Row[] = (
  [
    ['info', 'info', 600],
    ['settings', 'settings', 600],
    ['members: 100 of 100', 'smallPage', 400],
    ['user_joined', 'userJoined', 400],
    ['invite one', 'invite', 200],
    ['apply, joins at once', 'apply', 200],
    ['ban', 'ban', 200],
    ['create', 'create', 200],
    ['publish announcement', 'announce', 200],
  ] as const
).map(([name, work, count]) => ({
  name,
  a: { server: 'worker', path: '', work, connections: 8, count },
  b: { server: 'worker', path: '', work: 'health', connections: 8, count },
  against: 'its /healthz',
  measure: 'speed',
  target: {},
  p99: undefined,
}))

/** 1 000 000, as a table has it. */
export const short = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ' ')
