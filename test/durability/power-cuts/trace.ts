import { createReadStream } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { createInterface } from 'node:readline'

/*
 * What a process did to files, read off the record that strace made of its system calls. Positions are lines
 * of the record: a call has one where it began and one where it ended, and calls of several threads overlap.
 */

interface When {
  readonly from: number
  readonly to: number
}

/** A change of a file's bytes. */
export type Change = When &
  (
    | { readonly kind: 'write'; readonly at: number; readonly bytes: Buffer }
    | { readonly kind: 'size'; readonly size: number }
  )

/** A change of the names in folders: those that go and those that come, together. */
export interface Naming extends When {
  readonly gone: readonly string[]
  readonly come: readonly { readonly path: string; readonly node: Node }[]
}

/** A file or a folder, whatever its name. */
export interface Node {
  readonly isFolder: boolean
  readonly changes: Change[]
  /** When it was synced. */
  readonly syncs: When[]
}

export interface Trace {
  readonly root: Node
  readonly namings: readonly Naming[]
  /** Of each folder by its path: when it was synced. */
  readonly folderSyncs: ReadonlyMap<string, readonly When[]>
  readonly files: readonly Node[]
  /** Where the answer to each request, by its id, began to be sent. */
  readonly answers: ReadonlyMap<string, number>
  /** Where events began to be told, to whomever: answers, frames of streams and messages of webhooks. */
  readonly events: readonly { readonly at: number; readonly seq: number }[]
  /** Where a version of a group began to be told. */
  readonly versions: readonly { readonly at: number; readonly group_id: number; readonly version: number }[]
  readonly end: number
}

/** The calls that must be recorded. */
export const recordedCalls = [
  ...['open', 'openat', 'creat', 'write', 'pwrite64', 'writev', 'pwritev', 'pwritev2', 'sendto', 'sendmsg'],
  ...[
    'ftruncate',
    'truncate',
    'fallocate',
    'fsync',
    'fdatasync',
    'rename',
    'renameat',
    'renameat2',
    'link',
    'linkat',
  ],
  ...['unlink', 'unlinkat', 'mkdir', 'mkdirat', 'rmdir', 'copy_file_range', 'sendfile'],
]

/**
 * strace with the options that `readTrace` understands: all texts in hexadecimal, descriptors with their
 * names.
 */
export const recording = (file: string): string[] => [
  ...['strace', '-f', '--seccomp-bpf', '-y', '-xx', '-s', '100000000', '-o', file],
  ...['-e', `trace=${recordedCalls.join(',')}`, '-e', 'signal=none'],
]

const text = (hexadecimal: string): Buffer => Buffer.from(hexadecimal.replaceAll('\\x', ''), 'hex')
const quoted = /"((?:\\x[0-9a-f]{2})*)"/g
const described = /(?:AT_FDCWD|\d+)<((?:\\x[0-9a-f]{2})*)>/g

/** Reads what was done below the folder `root`, which was empty at the start. */
export async function readTrace(record: string, root: string): Promise<Trace> {
  const reader = new TraceReader(root)
  const unfinished = new Map<string, { readonly from: number; readonly begun: string }>()
  let line = 0
  for await (const written of createInterface({ input: createReadStream(record, 'latin1') })) {
    line++
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(written) ?? []
    if (rest.endsWith('<unfinished ...>')) {
      unfinished.set(pid, { from: line, begun: rest.slice(0, -'<unfinished ...>'.length) })
      continue
    }
    const [, resumed] = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest) ?? []
    const begun = resumed === undefined ? undefined : unfinished.get(pid)
    if (resumed !== undefined) unfinished.delete(pid)
    const call = begun === undefined ? rest : begun.begun + resumed
    reader.take(call, { from: begun?.from ?? line, to: line })
  }
  // A call that the end of the process cut off may have been carried out or not: left out, for nothing rests
  // on it.
  return reader.trace(line + 1)
}

class TraceReader {
  private readonly root: string
  private readonly rootNode: Node = { isFolder: true, changes: [], syncs: [] }
  private readonly namings: Naming[] = []
  private readonly files: Node[] = []
  private readonly answers = new Map<string, number>()
  private readonly events: { at: number; seq: number }[] = []
  private readonly versions: { at: number; group_id: number; version: number }[] = []
  /** What each path means now; a deleted file keeps its last name for those who have it open. */
  private readonly names = new Map<string, Node>()
  private readonly lastNames = new Map<string, Node>()
  private readonly positions = new Map<number, number>()
  private readonly syncs = new Map<string, When[]>()

  constructor(root: string) {
    this.root = root
  }

  trace(end: number): Trace {
    return {
      root: this.rootNode,
      namings: this.namings,
      folderSyncs: this.syncs,
      files: this.files,
      answers: this.answers,
      events: this.events,
      versions: this.versions,
      end,
    }
  }

  take(call: string, when: When): void {
    const [, name = '', args = '', answered = ''] = /^(\w+)\((.*?) *\) += (-?\d+)/.exec(call) ?? []
    const result = Number(answered)
    if (name === '' || result < 0) return
    const texts = [...args.matchAll(quoted)].map(([, found = '']) => text(found))
    const paths = [...args.matchAll(described)].map(([, found = '']) => text(found).toString())
    const descriptor = Number(/^\d+/.exec(args)?.[0] ?? -1)
    const open = paths[0] ?? ''
    switch (name) {
      case 'open':
      case 'openat':
      case 'creat': {
        const path = this.below(name === 'openat' ? open : '/', texts[0])
        if (path === undefined) return void this.positions.delete(result)
        this.positions.set(result, 0)
        const known = this.names.get(path)
        if (known === undefined && /O_CREAT/.test(args)) this.name([], [path], this.newFile(), when)
        else if (known !== undefined && /O_TRUNC/.test(args))
          known.changes.push({ ...when, kind: 'size', size: 0 })
        return
      }
      case 'write':
      case 'writev':
      case 'sendto':
      case 'sendmsg': {
        const bytes = Buffer.concat(texts)
        const node = this.opened(open)
        if (node === undefined) {
          this.takeSent(bytes.toString('latin1'), when.from)
          return
        }
        const at = this.positions.get(descriptor) ?? 0
        this.positions.set(descriptor, at + result)
        node.changes.push({ ...when, kind: 'write', at, bytes: bytes.subarray(0, result) })
        return
      }
      case 'pwrite64':
      case 'pwritev':
      case 'pwritev2': {
        const at = Number((name === 'pwrite64' ? /(\d+)$/ : /\], \d+, (\d+)/).exec(args)?.[1])
        const bytes = Buffer.concat(texts).subarray(0, result)
        this.opened(open)?.changes.push({ ...when, kind: 'write', at, bytes })
        return
      }
      case 'ftruncate':
        this.opened(open)?.changes.push({ ...when, kind: 'size', size: Number(/(\d+)$/.exec(args)?.[1]) })
        return
      case 'fsync':
      case 'fdatasync': {
        this.opened(open)?.syncs.push(when)
        if (this.isBelow(open)) this.syncs.set(open, [...(this.syncs.get(open) ?? []), when])
        return
      }
      case 'mkdir':
      case 'mkdirat': {
        const path = this.below(name === 'mkdirat' ? open : '/', texts[0])
        if (path !== undefined) this.name([], [path], { isFolder: true, changes: [], syncs: [] }, when)
        return
      }
      case 'unlink':
      case 'unlinkat':
      case 'rmdir': {
        const path = this.below(name === 'unlinkat' ? open : '/', texts[0])
        if (path !== undefined) this.name([path], [], undefined, when)
        return
      }
      case 'link':
      case 'linkat':
      case 'rename':
      case 'renameat':
      case 'renameat2': {
        const two = name === 'link' || name === 'rename' ? ['/', '/'] : paths
        const [from, to] = [this.below(two[0] ?? '/', texts[0]), this.below(two[1] ?? '/', texts[1])]
        if (to === undefined) return
        const node = from === undefined ? undefined : this.names.get(from)
        if (node === undefined) throw new Error(`${to} comes from nowhere`)
        this.name(name.startsWith('rename') && from !== undefined ? [from] : [], [to], node, when)
        return
      }
      default:
        if (paths.some(path => this.isBelow(path)))
          throw new Error(`${name} is not understood: ${args.slice(0, 200)}`)
    }
  }

  /** What was sent to somebody. */
  private takeSent(text: string, at: number): void {
    for (const [, id = ''] of text.matchAll(/x-request-id: ?(cut-\d+)/gi))
      if (!this.answers.has(id)) this.answers.set(id, at)
    for (const [, seq] of text.matchAll(/"cursor":"[0-9a-z]+\.(\d+)"/g))
      this.events.push({ at, seq: Number(seq) })
    for (const [, group_id, version] of text.matchAll(/"group_id":(\d+),"version":(\d+)/g))
      this.versions.push({ at, group_id: Number(group_id), version: Number(version) })
  }

  private newFile(): Node {
    const node: Node = { isFolder: false, changes: [], syncs: [] }
    this.files.push(node)
    return node
  }

  private name(gone: string[], come: string[], node: Node | undefined, when: When): void {
    for (const path of gone) this.names.delete(path)
    for (const path of come) {
      if (node === undefined) continue
      this.names.set(path, node)
      this.lastNames.set(path, node)
    }
    this.namings.push({ ...when, gone, come: node === undefined ? [] : come.map(path => ({ path, node })) })
  }

  private opened(path: string): Node | undefined {
    if (!this.isBelow(path)) return undefined
    const known = path.replace(/ \(deleted\)$/, '')
    return this.names.get(known) ?? this.lastNames.get(known)
  }

  private isBelow(path: string): boolean {
    return path === this.root || path.startsWith(`${this.root}/`)
  }

  private below(folder: string, path: Buffer | undefined): string | undefined {
    const whole = resolve(folder, path?.toString() ?? '')
    return whole !== this.root && this.isBelow(whole) ? whole : undefined
  }
}

/** The folder whose sync makes a name durable. */
export const folderOf = (path: string): string => dirname(path)
