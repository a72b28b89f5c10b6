import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { base64url } from '../../operation/sign.ts'
import type { TextHash } from '../../platform.ts'

/** For Workers, whose own hash does not answer at once. */
export const inlineSha256: TextHash = text => base64url(sha256(utf8ToBytes(text)))
