import createAvif, { type AvifDecoder } from '@jsquash/avif/codec/dec/avif_dec.js'
import type { Raster } from '../picture.ts'
import { instantiateWith } from './load.ts'

/** An instance for one picture: a broken one leaves its memory behind. */
export function openAvif(wasm: WebAssembly.Module): Promise<AvifDecoder> {
  return createAvif({ noInitialRun: true, instantiateWasm: instantiateWith(wasm) })
}

/** Decodes an AVIF picture, with what is see-through. Throws for what is broken. */
export function decodeAvif(decoder: AvifDecoder, file: Uint8Array): Raster {
  const decoded = decoder.decode(file, 8)
  if (!decoded) throw new Error('the AVIF picture is broken')
  const { width, height, data } = decoded
  return { width, height, rgba: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }
}
