import { hash } from 'node:crypto'
import type { TextHash } from '../platform.ts'

/** The hash of Node, Bun and Deno: it takes a microsecond. */
export const nativeSha256: TextHash = text => hash('sha256', text, 'base64url')
