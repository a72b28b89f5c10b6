import type { AvifDecoder } from '@jsquash/avif/codec/dec/avif_dec.js'
import type { Heif } from 'libheif-js/libheif-wasm/libheif.js'
import { openAvif } from './avif.ts'
import { openHeif } from './heif.ts'
import type { LoadWasm } from './load.ts'

/** The codecs that a picture of one type needs, all loaded. From here on nothing is awaited. */
export interface Codecs {
  readonly photon: WebAssembly.Module
  readonly colour: WebAssembly.Module
  /** Only those that the picture's type needs. */
  readonly jpeg?: WebAssembly.Module
  readonly heif?: Heif
  readonly avif?: AvifDecoder
}

export async function openCodecs(load: LoadWasm, contentType: string, maxBytes: number): Promise<Codecs> {
  const [photon, colour] = [await load('photon'), await load('colour')]
  if (contentType === 'image/jpeg') return { photon, colour, jpeg: await load('jpeg') }
  if (contentType === 'image/heic')
    return { photon, colour, heif: await openHeif(await load('heif'), maxBytes) }
  if (contentType === 'image/avif')
    return { photon, colour, avif: await openAvif(await load('avif'), maxBytes) }
  return { photon, colour }
}
