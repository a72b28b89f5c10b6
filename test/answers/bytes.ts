import type { Bytes } from '../../src/platform.ts'
import { noise } from '../support/amr.ts'
import { lyingPng } from '../support/pictures.ts'

/** A PNG of 80 × 60 pixels. As bytes, because encoders of other versions write others. */
const base64 =
  'iVBORw0KGgoAAAANSUhEUgAAAFAAAAA8CAIAAAB+RarbAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAYUlEQVRo3u3PMR' +
  'EAQAgEMZTgX8qLQAnVK6C+JjtrIDXdkftlLmBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBg4AMc8s6GAgYGBgYGBgYG' +
  'BgYGBgYGBgYGBgYGBgYGBgYGPvpXcMEFPyjCNAAAAABJRU5ErkJggg=='
const picture = (): Bytes => new Uint8Array(Buffer.from(base64, 'base64'))

const text = (content: string): Bytes => new TextEncoder().encode(content)

/** Bytes that are sent in the story, by the names that the record has for them. */
export const bytesNamed: Readonly<Record<string, () => Promise<Bytes> | Bytes>> = {
  'picture.png': picture,
  'huge.png': () => lyingPng(10_000, 10_000, picture()),
  'picture.svg': () => text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
  'notes.txt': () => text('Notes on chapter 3'),
  'page.html': () => text('<!doctype html><script>alert(1)</script>'),
  'a picture where voice is meant': picture,
  'text where a video is meant': () => text('No video'),
  'SVG where a picture is meant': () => text('<svg xmlns="http://www.w3.org/2000/svg"/>'),
  'voice.amr': () => noise(25),
  empty: () => new Uint8Array(),
  large: () => new Uint8Array(3000).fill(0x80),
  'latin-1.json': () => Uint8Array.of(0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xe9, 0x22, 0x7d),
  'body of 2 MiB': () => text(JSON.stringify({ group_list: [] }).padEnd(2 * 1024 * 1024, ' ')),
}
