import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import type { LoadProcess, Server } from '../processes.ts'
import type { Entrant } from '../side-by-side.ts'
import type { Pictures } from './pictures.ts'

/** The rows of the comparison. */
export type Work =
  | 'info'
  | 'page'
  | 'add'
  | 'download'
  | 'downloadLarge'
  | 'upload'
  | 'uploadLarge'
  | 'thumbnail'
  | 'thumbnails'

/** What all have to work with. */
export interface Bench {
  readonly load: LoadProcess
  /** A folder of its own for each server. */
  readonly folder: string
  /** Groups that a peer makes, and members of each. */
  readonly groups: number
  readonly membersOfEach: number
  /** What a download of 100 kB and a large one answer. */
  readonly small: Uint8Array<ArrayBuffer>
  readonly largeMebibytes: number
  readonly pictures: Pictures
  /** Requests of a round are so much of what they are in a whole run. */
  readonly portion: number
}

export interface Started {
  readonly server: Server
  /** For each work it can do, those that do it: mostly one. */
  readonly entrants: Readonly<Partial<Record<Work, readonly Entrant[]>>>
}

/** A program that does a part of what Cohort does, and that one may have instead. */
export interface Peer {
  readonly name: string
  /** The command that installs it. */
  readonly install: string
  isInstalled(): boolean
  start(bench: Bench): Promise<Started>
}

/** Where a program is, as the shell would find it; undefined if it is not installed. */
export function program(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map(folder => join(folder, name)).find(path => existsSync(path))
}

const folderOfPeers = resolve('test/bench/peers')
export const installPackages = 'npm ci --prefix test/bench/peers'

/** Whether a package is installed for the peers: the project's own packages do not count. */
export function hasPackage(name: string): boolean {
  return existsSync(join(folderOfPeers, 'node_modules', name))
}

/** The command of a server that is written for the benchmark around a package. */
export const packagedServer = (name: string): string[] => [
  process.execPath,
  join(folderOfPeers, `${name}-server.mjs`),
]
