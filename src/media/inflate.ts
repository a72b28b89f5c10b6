import { Unzlib } from 'fflate'

/**
 * Decompresses zlib data part by part, within this call. `onData` may throw to stop it. Throws if the data is
 * broken.
 */
export function inflate(parts: Iterable<Uint8Array>, onData: (data: Uint8Array) => void): void {
  const unzlib = new Unzlib(onData)
  for (const part of parts)
    for (let at = 0; at < part.length; at += STEP) unzlib.push(part.subarray(at, at + STEP))
}

/** How many bytes are decompressed at once. Some bytes become a thousand times as many. */
const STEP = 16_384
