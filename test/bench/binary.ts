import { cpSync } from 'node:fs'
import { type Bench, type Subject, send } from './measure.ts'
import { startService, upload } from './node.ts'
import type { Side } from './rows.ts'
import type { Contest, Entrant } from './side-by-side.ts'
import type { WorkName } from './work.ts'

/** Starts the single binary on a copy of that data. */
export async function startBinary(
  binary: string,
  { folder, world }: { readonly folder: string; readonly world: Subject['world'] },
  own: string,
  files: string,
): Promise<Subject> {
  cpSync(folder, own, { recursive: true })
  const server = await startService([binary], own)
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
  ['create', 'create'],
  ['90 % reads, 10 % invites', 'mixed'],
  ['upload slot', 'uploadSlot'],
  ['download 100 kB', 'download'],
  ['thumbnail, made before', 'thumbnail'],
]

/** The single binary and Node do the same: the binary must not take more CPU time. */
export function binaryContests(bench: Bench): Contest[] {
  const entrant = (name: string, server: Side['server'], work: WorkName): Entrant => ({
    name,
    round: part => send(bench, { server, path: '', work, connections: 32 }, part),
  })
  return works.map(([name, work]) => ({
    name: `binary: ${name}`,
    unit: 'request',
    subject: entrant('binary', 'binary', work),
    against: [entrant('Node', 'service', work)],
    targets: [{ to: 'Node', cpuAtMost: 1 }],
  }))
}
