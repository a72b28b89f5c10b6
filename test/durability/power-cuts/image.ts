import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Chance } from '../simulation/chance.ts'
import { type Change, folderOf, type Naming, type Node, type Trace } from './trace.ts'

/** A sector: what a disk writes whole or not at all, bytes. */
const sectorBytes = 512

export interface Cut {
  /** The position in the trace: calls that began later have not happened. */
  readonly at: number
  /** As if no sync did anything: what a test must notice. */
  readonly withoutSyncs?: boolean
}

/** When each change of a file became durable: at the end of the first sync that began after it. */
const durableAt = new WeakMap<Node, readonly number[]>()

function durableTimes(node: Node): readonly number[] {
  const known = durableAt.get(node)
  if (known !== undefined) return known
  const syncs = [...node.syncs].sort((a, b) => a.from - b.from)
  // From the end: the earliest end among the syncs that began later.
  const earliest = new Array<number>(syncs.length + 1).fill(Number.POSITIVE_INFINITY)
  for (let i = syncs.length - 1; i >= 0; i--)
    earliest[i] = Math.min(
      earliest[i + 1] ?? Number.POSITIVE_INFINITY,
      syncs[i]?.to ?? Number.POSITIVE_INFINITY,
    )
  const times = node.changes.map(({ to }) => {
    let [low, high] = [0, syncs.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((syncs[middle]?.from ?? 0) > to) high = middle
      else low = middle + 1
    }
    return earliest[low] ?? Number.POSITIVE_INFINITY
  })
  durableAt.set(node, times)
  return times
}

/**
 * Builds in `folder` what a power cut leaves of `root`. By the letter of POSIX: what was not synced is there
 * or not, in any order, and a write may be there in part; a name is safe when the folder it is in was synced.
 */
export function buildImage(trace: Trace, root: string, folder: string, cut: Cut, chance: Chance): void {
  const luck = chance.of([0, 0, 0.5, 0.5, 0.9, 1])
  const tree = survivingNames(trace, cut, chance, luck)
  mkdirSync(folder, { recursive: true })
  // Folders come before what is in them; a folder that was lost has lost all of it.
  const there = new Set([root])
  for (const [path, node] of [...tree].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!there.has(dirname(path)) || path.endsWith('-shm')) continue
    const place = join(folder, relative(root, path))
    if (node.isFolder) {
      there.add(path)
      mkdirSync(place)
    } else writeFileSync(place, contentOf(node, cut, chance, luck))
  }
}

function survivingNames(trace: Trace, cut: Cut, chance: Chance, luck: number): Map<string, Node> {
  const tree = new Map<string, Node>()
  for (const naming of trace.namings) {
    if (naming.from >= cut.at) continue
    const folders = new Set([...naming.gone, ...naming.come.map(({ path }) => path)].map(folderOf))
    const durable =
      cut.withoutSyncs !== true &&
      [...folders].every(path =>
        (trace.folderSyncs.get(path) ?? []).some(({ from, to }) => naming.to < from && to < cut.at),
      )
    if (durable || chance.happens(luck)) apply(naming, tree)
  }
  return tree
}

function apply({ gone, come }: Naming, tree: Map<string, Node>): void {
  for (const path of gone) tree.delete(path)
  for (const { path, node } of come) tree.set(path, node)
}

function contentOf(node: Node, cut: Cut, chance: Chance, luck: number): Buffer {
  const ends = node.changes.map(change =>
    change.kind === 'size' ? change.size : change.at + change.bytes.length,
  )
  const content = Buffer.alloc(Math.max(0, ...ends))
  let size = 0
  const times = durableTimes(node)
  node.changes.forEach((change, i) => {
    if (change.from >= cut.at) return
    const durable = cut.withoutSyncs !== true && (times[i] ?? Number.POSITIVE_INFINITY) < cut.at
    if (!durable && !chance.happens(luck)) return
    if (change.kind === 'size') {
      if (change.size < size) content.fill(0, change.size, size)
      size = change.size
      return
    }
    size = Math.max(size, change.at + change.bytes.length)
    if (durable || chance.happens(0.7)) change.bytes.copy(content, change.at)
    else writeTorn(content, change, chance)
  })
  return content.subarray(0, size)
}

/** Some sectors of a write are there, others are not. */
function writeTorn(content: Buffer, { at, bytes }: Extract<Change, { kind: 'write' }>, chance: Chance): void {
  for (let from = 0; from < bytes.length; ) {
    const to = Math.min(bytes.length, from + sectorBytes - ((at + from) % sectorBytes))
    if (chance.happens(0.5)) bytes.copy(content, at + from, from, to)
    from = to
  }
}
