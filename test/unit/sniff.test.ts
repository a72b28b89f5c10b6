import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SNIFF_BYTES, sniff } from '../../src/media/sniff.ts'
import type { Bytes } from '../../src/platform.ts'
import { animation, bytesOf, quarters } from '../support/pictures.ts'

/** Bytes from text (a character a byte), padded so that detectors that want more find it. */
const bytes = (lead: string, length = 200): Bytes =>
  Uint8Array.from({ length: Math.max(length, lead.length) }, (_, i) =>
    i < lead.length ? lead.charCodeAt(i) : 0,
  )

const box = (brand: string, others = ''): Bytes =>
  bytes(`\0\0\0${String.fromCharCode(16 + others.length)}ftyp${brand}\0\0\0\0${others}`)
const ebml = (type: string): Bytes =>
  bytes(
    `\x1a\x45\xdf\xa3${String.fromCharCode(0x83 + type.length)}\x42\x82${String.fromCharCode(0x80 + type.length)}${type}`,
  )
/** A box of an MP4, and an element of a WebM, around others. */
const nested = (name: string, content: string): string =>
  `\0\0${String.fromCharCode((content.length + 8) >> 8, (content.length + 8) & 255)}${name}${content}`
const track = (handler: string): string =>
  nested('trak', nested('mdia', nested('hdlr', `${'\0'.repeat(8)}${handler}`)))
const movie = (brand: string, ...handlers: string[]): Bytes =>
  bytes(
    nested('ftyp', `${brand}\0\0\0\0`) +
      nested('moov', nested('mvhd', '\0'.repeat(100)) + handlers.map(track).join('')),
  )
const element = (id: string, content: string): string =>
  `${id}${String.fromCharCode(0x80 | content.length)}${content}`
/** As browsers record: the segment's size is not known. */
const recorded = (...types: number[]): Bytes => {
  const entries = types.map(type =>
    element('\xae', element('\xd7', '\x01') + element('\x83', String.fromCharCode(type))),
  )
  const segment = element('\x15\x49\xa9\x66', '\0\0') + element('\x16\x54\xae\x6b', entries.join(''))
  return bytes(`\x1a\x45\xdf\xa3\x87\x42\x82\x84webm\x18\x53\x80\x67\x01${'\xff'.repeat(7)}${segment}`)
}
const ogg = (codec: string): Bytes => bytes(`OggS\0\x02${'\0'.repeat(20)}\x01\x13${codec}`)

describe('sniff', () => {
  it.each<[string, string, () => Bytes | Promise<Bytes>]>([
    ['a JPEG', 'image/jpeg', () => bytesOf(quarters(9, 9).jpeg())],
    ['a PNG', 'image/png', () => bytesOf(quarters(9, 9).png())],
    [
      'an animated PNG',
      'image/png',
      () => bytes(`\x89PNG\r\n\x1a\n\0\0\0\rIHDR${'\0'.repeat(17)}\0\0\0\x08acTL${'\0'.repeat(12)}`),
    ],
    ['a GIF', 'image/gif', async () => bytesOf((await animation(9, 9)).gif())],
    ['a WebP', 'image/webp', () => bytesOf(quarters(9, 9).webp())],
    ['an AVIF', 'image/avif', () => bytesOf(quarters(16, 16).avif())],
    ['an AVIF by its second brand', 'image/avif', () => box('mif1', 'mif1avifmiaf')],
    ['AMR', 'audio/amr', () => bytes('#!AMR\n\x3c')],
    ['wide-band AMR', 'audio/amr-wb', () => bytes('#!AMR-WB\n\x14')],
    ['MP3 with a tag', 'audio/mpeg', () => bytes('ID3\x04\0\0\0\0\x7f\x7f')],
    ['MPEG 1 MP3', 'audio/mpeg', () => bytes('\xff\xfb\x90\x64')],
    ['MPEG 2.5 MP3', 'audio/mpeg', () => bytes('\xff\xe3\x18\xc4')],
    ['AAC', 'audio/aac', () => bytes('\xff\xf1\x50\x80')],
    ['M4A', 'audio/mp4', () => box('M4A ')],
    ['Opus', 'audio/ogg', () => ogg('OpusHead')],
    ['Vorbis', 'audio/ogg', () => ogg('\x01vorbis')],
    ['WAV', 'audio/wav', () => bytes('RIFF\x24\0\0\0WAVEfmt ')],
    ['FLAC', 'audio/flac', () => bytes('fLaC\0\0\0\x22')],
    ['MP4 of pictures and sound', 'video/mp4', () => movie('isom', 'soun', 'vide')],
    ['MP4 of sound alone', 'audio/mp4', () => movie('isom', 'soun')],
    ['3GP of sound alone', 'audio/3gpp', () => movie('3gp4', 'soun')],
    ['WebM as a browser records voice', 'audio/webm', () => recorded(2)],
    ['WebM as a browser records a film', 'video/webm', () => recorded(1, 2)],
  ])('shows %s in place', async (_, mime, make) => {
    expect(await sniff(await make())).toEqual({ mime, family: mime.split('/')[0], inline: true })
  })

  it.each([
    ['MP4', 'video/mp4', 'audio/mp4', box('isom', 'mp42')],
    ['QuickTime', 'video/quicktime', 'audio/mp4', box('qt  ')],
    ['QuickTime without a type box', 'video/quicktime', 'audio/mp4', bytes('\0\0\0\x08wide\0\0\0\0mdat')],
    ['3GP', 'video/3gpp', 'audio/3gpp', box('3gp4')],
    ['WebM', 'video/webm', 'audio/webm', ebml('webm')],
  ])('leaves open whether %s is sound, where its tracks come later', async (_, mime, asVoice, file) => {
    expect(await sniff(file)).toEqual({ mime, family: 'video', inline: true, asVoice })
  })

  it.each([
    ['an SVG', bytes('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')],
    ['an SVG in XML', bytes('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['XML in UTF-16', bytes('\xff\xfe<\0?\0x\0m\0l\0 \0')],
    ['HTML', bytes('<!DOCTYPE html><script>alert(1)</script>')],
    ['HTML after a byte order mark', bytes('\xef\xbb\xbf<html><script>alert(1)</script>')],
    ['HTML in UTF-16', bytes('\xff\xfe<\0h\0t\0m\0l\0>\0')],
    ['HTML in UTF-16, big endian', bytes('\xfe\xff\0<\0h\0t\0m\0l\0>')],
    ['HTML after blanks', bytes('\n\n   <html>')],
    ['plain text', bytes('hello', 5)],
    ['nothing', new Uint8Array()],
    ['one byte', new Uint8Array([0xff])],
  ])('takes %s for nothing known', async (_, file) => {
    expect(await sniff(file)).toEqual({ mime: 'application/octet-stream', family: 'other', inline: false })
  })

  it.each([
    ['a PDF', 'application/pdf', 'other', bytes('%PDF-1.7\n')],
    ['a ZIP', 'application/zip', 'other', bytes('PK\x05\x06')],
    ['a HEIC', 'image/heic', 'image', box('heic')],
    ['a TIFF', 'image/tiff', 'image', bytes('II*\0\x08\0\0\0')],
    ['a HEIC of the general brand', 'image/heic', 'image', box('mif1', 'heic')],
    ['a BMP', 'image/bmp', 'image', bytes('BM\x36\0')],
    ['an ICO', 'image/x-icon', 'image', bytes('\0\0\x01\0\x01\0\x10\x10\0\0')],
    ['a TIFF with a late directory', 'image/tiff', 'image', bytes('MM\0*\0\x20\0\0')],
    ['a JPEG XL', 'image/jxl', 'image', bytes('\xff\x0a\x28')],
    ['MPEG-TS', 'video/mp2t', 'video', bytes(`G${'x'.repeat(187)}G`, 400)],
    ['FLV', 'video/x-flv', 'video', bytes('FLV\x01')],
    ['AVI', 'video/vnd.avi', 'video', bytes('RIFF\x24\0\0\0AVI LIST')],
  ])('names %s but does not show it', async (_, mime, family, file) => {
    expect(await sniff(file)).toEqual({ mime, family, inline: false })
  })

  it('says of a polyglot what its first bytes are', async () => {
    const png = await bytesOf(quarters(9, 9).png())
    const html = bytes('<html><script>alert(1)</script>')
    expect((await sniff(new Uint8Array([...png, ...html]))).mime).toBe('image/png')
    expect((await sniff(new Uint8Array([...html, ...png]))).mime).toBe('application/octet-stream')
    expect((await sniff(bytes('GIF89a=1;/*<html><script>alert(1)</script>*/'))).mime).toBe('image/gif')
  })

  it('needs the first 4100 bytes only', async () => {
    const profile = (length: number): string =>
      `\x89PNG\r\n\x1a\n\0\0\0\rIHDR${'\0'.repeat(17)}\0\0\x40\0iCCP${'x'.repeat(length)}`
    for (const file of [
      await bytesOf(quarters(400, 400).jpeg()),
      bytes(profile(20_000)),
      bytes(`ID3\x04\0\0\0\x01\0\0${'x'.repeat(20_000)}`),
    ]) {
      expect(await sniff(file.subarray(0, SNIFF_BYTES))).toEqual(await sniff(file))
      expect((await sniff(file)).inline).toBe(true)
    }
  })

  it('never throws, and shows nothing but the listed types', async () => {
    const leads = [
      '',
      '\x89PNG\r\n\x1a\n',
      'GIF89a',
      'RIFF',
      '\0\0\0\x18ftyp',
      '\x1a\x45\xdf\xa3',
      'OggS',
      'PK\x03\x04',
      '\xff\xd8\xff',
      'ID3',
      '%PDF',
      'II*\0',
    ]
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...leads), fc.uint8Array({ maxLength: 300 }), async (lead, tail) => {
        const { mime, family, inline } = await sniff(new Uint8Array([...bytes(lead, 0), ...tail]))
        expect(mime).toMatch(/^[a-z]+\/[a-z0-9.+-]+$/)
        if (inline) expect(['image', 'audio', 'video']).toContain(family)
      }),
      { numRuns: 2000 },
    )
  })
})
