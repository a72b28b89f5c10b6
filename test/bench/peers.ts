import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Finding } from './endurance.ts'
import { readOptions } from './options.ts'
import { besideThumbnails } from './peers/beside-thumbnails.ts'
import { betterAuth } from './peers/better-auth.ts'
import { startCohort } from './peers/cohort.ts'
import { contestsOf } from './peers/contests.ts'
import { ejabberd } from './peers/ejabberd.ts'
import { ipx } from './peers/ipx.ts'
import { nginx } from './peers/nginx.ts'
import type { Bench, Peer, Started } from './peers/peer.ts'
import { makePictures } from './peers/pictures.ts'
import { tus } from './peers/tus.ts'
import { startLoad } from './processes.ts'
import { note, ownFolder, say, writeJson } from './report.ts'
import { type Compared, compare, sideBySide, waitedBy } from './side-by-side.ts'
import { findings } from './table.ts'

/* npm run bench -- --peers: Cohort and what one may have instead, in turns and in one run. */

const peers: readonly Peer[] = [ejabberd, betterAuth, nginx, tus, ipx]

const root = ownFolder()
const { quick, json, only, rounds, portion, warmUp, command } = readOptions()
const wanted = (name: string) => name.includes(only)

note('preparing the data')
const load = startLoad()
const folderOf = (name: string): string => {
  const folder = join(root, 'peers', name)
  mkdirSync(folder, { recursive: true })
  return folder
}
const bench: Omit<Bench, 'folder'> = {
  load,
  groups: 50,
  membersOfEach: 100,
  small: new Uint8Array(randomBytes(100_000)),
  largeMebibytes: quick ? 64 : 1024,
  pictures: await makePictures(32),
  portion,
}
const cohort = await startCohort(command, { ...bench, folder: folderOf('cohort') })
const started: Started[] = []
for (const peer of peers) {
  if (!peer.isInstalled()) {
    note(`${peer.name} is not installed, and is left out: ${peer.install}`)
    continue
  }
  note(`starting ${peer.name}`)
  started.push(await peer.start({ ...bench, folder: folderOf(peer.name) }))
}

const compared: Compared[] = []
for (const contest of contestsOf(cohort, started, bench.largeMebibytes)) {
  if (!wanted(contest.name)) continue
  note(contest.name)
  // A request takes no time, a large file takes seconds.
  compared.push(await compare(contest, contest.unit === 'request' ? rounds : Math.min(rounds, 3), warmUp))
}
if (compared.length > 0) {
  say(`Cohort beside what one may have instead (the ratios are Cohort's to the one of the line)\n`)
  say(sideBySide(compared))
}
const found: Finding[] = []
if (wanted('pictures')) {
  note('pictures')
  found.push(await besideThumbnails(cohort, quick ? 32 : 100))
  say(findings(found))
}

for (const { server } of started) await server.stop()
await cohort.end()
load.stop()

const waited = Math.round(waitedBy(compared) * 100)
say('Every answer was a success, and cohort check finds nothing wrong.\n')
if (waited > 5)
  say(`Cohort had to wait for ${waited} % of the CPU time it wanted: other programs were at work.\n`)
if (json !== undefined) writeJson(json, { quick, rounds, waited, compared, found })
