// What scripts/build-assets.mjs makes.

/** A file of this program's own, compressed by gzip and as base64. */
export interface Asset {
  readonly type: string
  /** Changes with the content and only with it; without quotes. */
  readonly etag: string
  readonly gzip: string
}

export declare const assets: Readonly<
  Record<'client' | 'consolePage' | 'consoleScript' | 'consoleStyle', Asset>
>
