import type { LoadWasm } from '../../media/wasm/load.ts'

/** Each import is a compiled module that Wrangler uploads beside the script. */
const modules = {
  photon: () => import('@cf-wasm/photon/photon.wasm'),
  jpeg: () => import('../../../node_modules/@cwasm/jpeg-turbo/jpeg-turbo.wasm'),
  heif: () => import('../../../node_modules/libheif-js/libheif-wasm/libheif.wasm'),
  avif: () => import('../../../node_modules/@jsquash/avif/codec/dec/avif_dec.wasm'),
  colour: () => import('../../../node_modules/lcms-wasm/dist/lcms.wasm'),
}

export const loadWasm: LoadWasm = async name => (await modules[name]()).default

/** How much memory one picture may take in a Worker of 128 MB, bytes. */
export const MAX_PICTURE_BYTES = 105_000_000
