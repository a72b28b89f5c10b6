import createAvif, { type AvifDecoder } from '@jsquash/avif/codec/dec/avif_dec.js'
import type { Raster } from '../picture.ts'
import { instantiateWith } from './load.ts'

/** Makes an instance for one picture, because a broken picture does not free its memory. */
export function openAvif(wasm: WebAssembly.Module, maxBytes: number): Promise<AvifDecoder> {
  return createAvif({ noInitialRun: true, instantiateWasm: instantiateWith(wasm, maxBytes) })
}

/** Decodes an AVIF picture, including its transparency. Throws if it is broken. */
export function decodeAvif(decoder: AvifDecoder, file: Uint8Array): Raster {
  const decoded = decoder.decode(file, 8)
  if (!decoded) throw new Error('the AVIF picture is broken')
  const { width, height, data } = decoded
  return { width, height, rgba: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }
}
