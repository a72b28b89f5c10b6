import { CannotConvert } from '../../platform.ts'
import { openPhoton, type Photon } from './photon.ts'

/**
 * Uses one instance of photon again and again, because two would not fit into memory. Its memory never
 * shrinks, so between pictures the garbage collector may take it. An instance that a picture broke holds its
 * memory until the collector runs.
 */
export function reusedPhoton(maxBytes: number) {
  let current: WeakRef<Photon> | undefined
  let broken: WeakRef<Photon>[] = []
  const hasRoom = (neededBytes: number): boolean => {
    broken = broken.filter(reference => reference.deref())
    const lost = broken.reduce((sum, reference) => sum + (reference.deref()?.size() ?? 0), 0)
    return neededBytes <= (current?.deref()?.size() ?? 0) || lost + neededBytes <= maxBytes
  }
  return {
    /**
     * If broken instances hold memory that a picture needs, waits until the garbage collector has freed it.
     */
    async room(neededBytes: number): Promise<void> {
      for (let tries = 0; !hasRoom(neededBytes); tries++) {
        if (tries === 50)
          throw new CannotConvert('the server has no memory left for a picture of this size: try again')
        // Allocating memory makes the garbage collector run.
        new Uint8Array(8_000_000).fill(1)
        await new Promise(resolve => setTimeout(resolve, 4))
      }
    },
    /** Runs `work` with an instance, within this call. If `work` throws, the instance counts as broken. */
    use<T>(wasm: WebAssembly.Module, work: (photon: Photon) => T): T {
      const photon = current?.deref() ?? openPhoton(wasm)
      current = new WeakRef(photon)
      try {
        return work(photon)
      } catch (error) {
        current = undefined
        broken.push(new WeakRef(photon))
        throw error
      }
    },
  }
}
