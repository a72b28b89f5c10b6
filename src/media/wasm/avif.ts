import createAvif from '@jsquash/avif/codec/dec/avif_dec.js'
import type { Raster } from '../picture.ts'
import { instantiateWith } from './load.ts'

/** Decodes an AVIF picture, with what is see-through. Throws for what is broken. */
export async function decodeAvif(wasm: WebAssembly.Module, file: Uint8Array<ArrayBuffer>): Promise<Raster> {
  const decoder = await createAvif({ noInitialRun: true, instantiateWasm: instantiateWith(wasm) })
  const decoded = decoder.decode(file, 8)
  if (!decoded) throw new Error('the AVIF picture is broken')
  const { width, height, data } = decoded
  return { width, height, rgba: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }
}
