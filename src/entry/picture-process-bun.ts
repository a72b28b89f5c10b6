/** The process that `processImages` starts on Bun. It receives pictures and answers with converted ones. */
import { readFile } from 'node:fs/promises'
import photon from '@cf-wasm/photon/photon.wasm' with { type: 'file' }
import jpeg from '../../node_modules/@cwasm/jpeg-turbo/jpeg-turbo.wasm' with { type: 'file' }
// In a compiled binary these are paths in Bun's own file system.
import avif from '../../node_modules/@jsquash/avif/codec/dec/avif_dec.wasm' with { type: 'file' }
import colour from '../../node_modules/lcms-wasm/dist/lcms.wasm' with { type: 'file' }
import heif from '../../node_modules/libheif-js/libheif-wasm/libheif.wasm' with { type: 'file' }
import { serveConversions } from '../media/process/converter.ts'
import { MAX_CONVERTER_BYTES } from '../media/process/images.ts'
import { wasmImages } from '../media/wasm-images.ts'

const files = { photon, jpeg, heif, avif, colour }

export function runPictureProcess(): void {
  // The types declare these imports as WebAssembly modules, as bundlers for Workers make them. With `type:
  // 'file'` each one is a path.
  const load = async (name: keyof typeof files) => WebAssembly.compile(await readFile(String(files[name])))
  serveConversions(wasmImages(load, MAX_CONVERTER_BYTES))
}
