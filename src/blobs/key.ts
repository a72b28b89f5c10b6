import { BlobStoreError } from '../platform.ts'

const maxKeyLength = 512

/**
 * Throws `BlobStoreError` unless `key` is 1–512 characters of segments `[A-Za-z0-9._-]+` joined by `/`, none
 * of them `.` or `..`.
 */
export function checkKey(key: string): void {
  const segments = key.split('/')
  if (key.length > maxKeyLength || !segments.every(isSegment)) throw new BlobStoreError('not a blob key')
}

/**
 * Throws `BlobStoreError` for a prefix that no key can have. The prefix may be empty and may end inside a
 * segment.
 */
export function checkPrefix(prefix: string): void {
  const segments = prefix.split('/')
  const last = segments.pop() ?? ''
  if (prefix.length > maxKeyLength || !segments.every(isSegment) || !/^[A-Za-z0-9._-]*$/.test(last))
    throw new BlobStoreError('not a blob key prefix')
}

function isSegment(segment: string): boolean {
  return /^[A-Za-z0-9._-]+$/.test(segment) && segment !== '.' && segment !== '..'
}
