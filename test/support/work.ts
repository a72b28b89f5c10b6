/*
 * Work counted instead of timed: how many bytes the methods of byte arrays that copy or search have gone
 * through. A machine that is slow or busy changes nothing of it.
 */

const methods = ['set', 'slice', 'indexOf'] as const

/** Runs the task and answers how many bytes were copied and searched by it. One at a time. */
export async function bytesTouched(task: () => Promise<void>): Promise<number> {
  const { prototype } = Uint8Array
  const originals = methods.map(name => [name, prototype[name]] as const)
  let touched = 0
  const counting = {
    set(this: Uint8Array, ...[source, at]: Parameters<Uint8Array['set']>) {
      touched += source.length
      return originalOf('set').call(this, source, at)
    },
    slice(this: Uint8Array, ...range: Parameters<Uint8Array['slice']>) {
      const made = originalOf('slice').call(this, ...range)
      touched += made.length
      return made
    },
    indexOf(this: Uint8Array, ...[byte, from = 0]: Parameters<Uint8Array['indexOf']>) {
      const at = originalOf('indexOf').call(this, byte, from)
      touched += (at < 0 ? this.length : at + 1) - from
      return at
    },
  }
  const originalOf = <Name extends (typeof methods)[number]>(name: Name): Uint8Array[Name] =>
    originals.find(([known]) => known === name)?.[1] as Uint8Array[Name]
  try {
    Object.assign(prototype, counting)
    await task()
    return touched
  } finally {
    for (const [name, original] of originals) Object.assign(prototype, { [name]: original })
  }
}
