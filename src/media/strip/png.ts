import { crc32 } from '../crc32.ts'
import { stripExif } from './exif-data.ts'
import { MAX_HELD_BYTES, pass, type Steps, take } from './steps.ts'

const TEXTS = new Set(['tEXt', 'zTXt', 'iTXt'])

/** Keywords of texts that hold XMP, EXIF or IPTC data. */
const METADATA = /^(XML:com\.adobe\.xmp|Raw profile type .*)\0/

const SPACE = 0x20

/** EXIF data in `eXIf`, and texts that hold metadata, wherever they are in a PNG. Checksums are made anew. */
export function* png(): Steps {
  yield* pass(8)
  for (;;) {
    const head = yield* take(8)
    if (head.length < 8) return
    const length = new DataView(head.buffer, head.byteOffset).getUint32(0)
    const name = String.fromCharCode(...head.subarray(4))
    const mayHold = (name === 'eXIf' || TEXTS.has(name)) && length + 4 <= MAX_HELD_BYTES
    if (!mayHold) yield* pass(length + 4)
    else stripChunk(name, length, yield* take(length + 4))
  }
}

/**
 * The content is followed by the checksum, four bytes, which covers the name as well. A file may be cut off
 * in both.
 */
function stripChunk(name: string, length: number, chunk: Uint8Array): void {
  const content = chunk.subarray(0, length)
  if (name === 'eXIf') stripExif(content)
  else if (METADATA.test(new TextDecoder('latin1').decode(content.subarray(0, 80)))) emptyText(name, content)
  else return
  if (chunk.length < length + 4) return
  const named = new Uint8Array(4 + content.length)
  named.set(new TextEncoder().encode(name))
  named.set(content, 4)
  new DataView(chunk.buffer, chunk.byteOffset).setUint32(length, crc32(named))
}

/**
 * Leaves a text of the same length that says nothing. A compressed text cannot be emptied in place, so its
 * bytes become zeros behind the keyword: readers skip a text that they cannot unpack.
 */
function emptyText(name: string, content: Uint8Array): void {
  const afterKeyword = content.indexOf(0) + 1
  // An iTXt goes on with two bytes of compression, a language and a translated keyword, each ended by a zero.
  if (name === 'iTXt' && content[afterKeyword] === 0) {
    content.fill(0, afterKeyword, afterKeyword + 4)
    content.fill(SPACE, afterKeyword + 4)
  } else content.fill(name === 'tEXt' ? SPACE : 0, afterKeyword)
}
