import { Unzlib } from 'fflate'

/** Undoes zlib's compression, part by part, within this call. `onData` may throw to end it. Throws for what is broken. */
export function inflate(parts: Iterable<Uint8Array>, onData: (data: Uint8Array) => void): void {
  const unzlib = new Unzlib(onData)
  for (const part of parts)
    for (let at = 0; at < part.length; at += STEP) unzlib.push(part.subarray(at, at + STEP))
}

/** What is given at once: some bytes can become a thousand times as many. */
const STEP = 16_384
