/** A bundler for Workers turns an import of WebAssembly into a compiled module. */
declare module '*.wasm' {
  const module: WebAssembly.Module
  export default module
}
