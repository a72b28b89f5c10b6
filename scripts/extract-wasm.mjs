// Writes dist/amr.wasm and dist/opus.wasm, which the Worker imports: Workers may not compile WebAssembly at
// run time, and @audio/decode-amr and opus-decoder carry their own as text. Wrangler runs this before every
// build (wrangler.toml).
import createAmr from '../node_modules/@audio/decode-amr/src/amr.wasm.js'
import OpusDecoder from '../node_modules/opus-decoder/src/OpusDecoder.js'
import { writeWhole } from './write-whole.mjs'

const { instantiate, compile } = WebAssembly
let binary
WebAssembly.instantiate = (bytes, imports) => {
  if (!(bytes instanceof WebAssembly.Module)) binary = bytes
  return instantiate(bytes, imports)
}
WebAssembly.compile = bytes => {
  binary = bytes
  return compile(bytes)
}

const folder = new URL('../dist/', import.meta.url)
await createAmr()
writeWhole(new URL('amr.wasm', folder), binary)
await new OpusDecoder({ channels: 1 }).ready
writeWhole(new URL('opus.wasm', folder), binary)
