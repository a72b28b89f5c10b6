import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'

/** Downloads of a round. */
export const smallDownloads = (portion: number) => ({ count: 4_000 * portion, atOnce: 32 })

export interface UploadSize {
  readonly bytes: number
  /** Files of a round. */
  readonly count: number
  readonly atOnce: number
}

/** Several files of 8 MB at once. */
export const smallUploads = (portion: number): UploadSize => ({
  bytes: 8_000_000,
  count: Math.max(8, Math.round(32 * portion)),
  atOnce: 4,
})

/** One file that is as large as the large download. */
export const largeUpload = (mebibytes: number): UploadSize => ({
  bytes: mebibytes * 1024 * 1024,
  count: 1,
  atOnce: 1,
})

/** Writes a file of so many MiB, durably. */
export function writeLarge(path: string, mebibytes: number): void {
  const part = Buffer.alloc(1024 * 1024, 'a large file ')
  const file = openSync(path, 'w')
  for (let i = 0; i < mebibytes; i++) writeSync(file, part)
  fsyncSync(file)
  closeSync(file)
}

/** Thumbnails of a round. */
export const thumbnails = (portion: number): number => Math.max(4, Math.round(16 * portion))
