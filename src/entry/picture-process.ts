/**
 * The process that `processImages` starts on Node.js and Deno. It receives pictures and answers with
 * converted ones.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { serveConversions } from '../media/process/converter.ts'
import { MAX_CONVERTER_BYTES } from '../media/process/images.ts'
import { sharpImages } from '../media/sharp.ts'
import { toSrgb } from '../media/wasm/colour.ts'
import { type LoadWasm, WASM_FILES } from '../media/wasm/load.ts'
import { wasmImages } from '../media/wasm-images.ts'

const loadWasm: LoadWasm = async name =>
  WebAssembly.compile(await readFile(createRequire(import.meta.url).resolve(WASM_FILES[name])))

serveConversions(
  sharpImages(wasmImages(loadWasm, MAX_CONVERTER_BYTES), async (picture, profile) =>
    toSrgb(await loadWasm('colour'), picture, profile),
  ),
)
