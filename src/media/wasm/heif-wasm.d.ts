/**
 * The part of libheif-js that is used: libheif's own functions. Pointers count from the start of `HEAPU8`.
 */
declare module 'libheif-js/libheif-wasm/libheif.js' {
  export interface Heif {
    readonly HEAPU8: Uint8Array
    readonly HEAP32: Int32Array
    _malloc(bytes: number): number
    _heif_context_alloc(): number
    /** These write an error of three words to `error`. Its first word is 0 if there is no error. */
    _heif_context_read_from_memory(
      error: number,
      context: number,
      file: number,
      bytes: number,
      options: 0,
    ): void
    _heif_context_get_primary_image_handle(error: number, context: number, handle: number): void
    _heif_decode_image(
      error: number,
      handle: number,
      image: number,
      colorspace: number,
      chroma: number,
      options: 0,
    ): void
    _heif_image_handle_get_width(handle: number): number
    _heif_image_handle_get_height(handle: number): number
    _heif_image_get_bits_per_pixel_range(image: number, channel: number): number
    _heif_image_get_plane_readonly(image: number, channel: number, stride: number): number
    _heif_image_get_width(image: number, channel: number): number
    _heif_image_get_height(image: number, channel: number): number
  }
  interface Options {
    print?(text: string): void
    printErr?(text: string): void
    instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): unknown
  }
  const createHeif: (options: Options) => Promise<Heif> | Heif
  export default createHeif
}
