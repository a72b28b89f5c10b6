// Writes dist/amr.wasm, which the Worker imports: Workers may not compile WebAssembly at run time, and
// @audio/decode-amr carries its own as text.
// Wrangler runs this before every build (wrangler.toml).
import { mkdirSync, writeFileSync } from 'node:fs'
import createAmr from '../node_modules/@audio/decode-amr/src/amr.wasm.js'

const instantiate = WebAssembly.instantiate
let binary
WebAssembly.instantiate = (bytes, imports) => {
  binary = bytes
  return instantiate(bytes, imports)
}
await createAmr()
const folder = new URL('../dist/', import.meta.url)
mkdirSync(folder, { recursive: true })
writeFileSync(new URL('amr.wasm', folder), binary)
