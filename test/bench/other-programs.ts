import { type Bench, type Subject, send } from './measure.ts'
import { type Prepared, prepare, startService, upload } from './node.ts'
import type { Side } from './rows.ts'
import type { Scale } from './seed.ts'
import type { Contest, Entrant } from './side-by-side.ts'
import type { WorkName } from './work.ts'

/** Starts an earlier build on data of its own: it cannot open a database of a later one. */
export async function startEarlier(
  command: readonly string[],
  scale: Scale,
  own: string,
  files: string,
): Promise<Subject> {
  return startOn(command, await prepare(command, own, scale), files)
}

/** Starts a service on data that nobody has worked on yet: the work of others makes lists longer. */
export async function startOn(
  command: readonly string[],
  { folder, world }: Prepared,
  files: string,
): Promise<Subject> {
  const server = await startService(command, folder)
  return { server, world: await upload({ server, world }, files) }
}

const works: readonly (readonly [name: string, work: WorkName])[] = [
  ['info', 'info'],
  ['settings', 'settings'],
  ['members: 100 of 100', 'smallPage'],
  ['members: 1000 of many', 'middlePage1000'],
  ['user_joined (102 groups)', 'userJoined'],
  ['invite one', 'invite'],
  ['apply, joins at once', 'apply'],
  ['ban', 'ban'],
  ['kick', 'kick'],
  ['create', 'create'],
  ['publish announcement', 'announce'],
  ['90 % reads, 10 % invites', 'mixed'],
  ['upload slot', 'uploadSlot'],
  ['download 100 kB', 'download'],
  ['thumbnail, made before', 'thumbnail'],
]

const entrant = (bench: Bench, name: string, server: Side['server'], work: WorkName): Entrant => ({
  name,
  round: part => send(bench, { server, path: '', work, connections: 32 }, part),
})

/** The single binary and Node do the same: the binary must not take more CPU time. */
export const binaryContests = (bench: Bench): Contest[] =>
  works.map(([name, work]) => ({
    name: `binary: ${name}`,
    unit: 'request',
    subject: entrant(bench, 'binary', 'binary', work),
    against: [entrant(bench, 'Node', 'besideBinary', work)],
    targets: [{ to: 'Node', cpuAtMost: 1 }],
  }))

/** This build and an earlier one do the same: this one must not take much more CPU time. */
export const earlierContests = (bench: Bench): Contest[] =>
  works.map(([name, work]) => ({
    name: `before: ${name}`,
    unit: 'request',
    subject: entrant(bench, 'now', 'besideEarlier', work),
    against: [entrant(bench, 'before', 'earlier', work)],
    targets: [{ to: 'before', cpuAtMost: 1.03 }],
  }))
