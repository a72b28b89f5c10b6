import { CannotConvert } from '../../platform.ts'
import { openPhoton, type Photon } from './photon.ts'

/**
 * One instance of photon, used again and again, as two would not fit; between pictures it is left to the garbage
 * collector, as its memory never shrinks. One that a picture broke costs its memory until the collector comes by.
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
    /** Waits, where broken instances hold the memory that a picture needs, until the collector has freed it. */
    async room(neededBytes: number): Promise<void> {
      for (let tries = 0; !hasRoom(neededBytes); tries++) {
        if (tries === 50)
          throw new CannotConvert('the server has no memory left for a picture of this size: try again')
        // New memory is what makes the collector come.
        new Uint8Array(8_000_000).fill(1)
        await new Promise(resolve => setTimeout(resolve, 4))
      }
    },
    /** Works with an instance, within this call. Whatever the work throws may have broken it. */
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
