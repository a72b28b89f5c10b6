import { CannotConvert } from '../../platform.ts'
import { openPhoton, type Photon } from './photon.ts'

/**
 * One instance of photon, used again and again, as two would not fit; between pictures it is left to the garbage
 * collector, as its memory never shrinks. One that a picture broke costs its memory until the collector comes by.
 */
export function reusedPhoton(maxBytes: number) {
  let current: WeakRef<Photon> | undefined
  let broken: WeakRef<Photon>[] = []
  const lostBytes = () => {
    broken = broken.filter(reference => reference.deref())
    return broken.reduce((sum, reference) => sum + (reference.deref()?.size() ?? 0), 0)
  }
  return {
    /** An instance for a picture that needs so many bytes. Throws `CannotConvert` where broken ones still hold them. */
    async open(load: () => Promise<WebAssembly.Module>, neededBytes: number): Promise<Photon> {
      const wasm = await load()
      if (neededBytes > (current?.deref()?.size() ?? 0))
        await collected(() => lostBytes() + neededBytes <= maxBytes)
      const photon = current?.deref() ?? openPhoton(wasm)
      current = new WeakRef(photon)
      return photon
    },
    /** After a picture that may have broken it. */
    drop(photon: Photon): void {
      current = undefined
      broken.push(new WeakRef(photon))
    },
  }
}

/** Waits until the collector has made room. New memory is what makes it come. */
async function collected(hasRoom: () => boolean): Promise<void> {
  for (let tries = 0; !hasRoom(); tries++) {
    if (tries === 50)
      throw new CannotConvert('the server has no memory left for a picture of this size: try again')
    new Uint8Array(8_000_000).fill(1)
    await new Promise(resolve => setTimeout(resolve, 4))
  }
}
