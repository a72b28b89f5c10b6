// What scripts/build-assets.mjs makes.

/** A file of this program's own, compressed by gzip and as base64. */
export interface Asset {
  readonly type: string
  /** Changes with the content and only with it; without quotes. */
  readonly etag: string
  readonly gzip: string
}

type Name = 'client' | 'consolePage' | 'consoleScript' | 'consoleStyle' | 'docsScript' | 'docsStyle'

export declare const assets: Readonly<Record<Name, Asset>> & {
  /** Scalar's reference; its bytes are in `reference.gen.js`, since not every home carries them. */
  readonly reference: Omit<Asset, 'gzip'>
}
