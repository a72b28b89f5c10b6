import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boundaryOf, fileField, MalformedMultipart } from '../../src/file/upload/multipart.ts'
import type { ChunkSource } from '../../src/http/gathered.ts'
import type { Bytes } from '../../src/platform.ts'
import { joined, text } from '../support/fixtures.ts'
import { bytesTouched } from '../support/work.ts'

const boundary = 'a-boundary'
const part = (disposition: string, content: Bytes): Bytes =>
  joined(
    text(`--${boundary}\r\ncontent-disposition: form-data; ${disposition}\r\n\r\n`),
    content,
    text('\r\n'),
  )
const closing = text(`--${boundary}--\r\n`)

/** Gives the pieces one by one, then the filler for ever; `given()` is how many bytes were asked for. */
function source(pieces: readonly Bytes[], filler?: Bytes): { readonly body: ChunkSource; given(): number } {
  let [at, given] = [0, 0]
  const body: ChunkSource = {
    async read() {
      const value = pieces[at++] ?? filler
      if (value === undefined) return { done: true }
      given += value.byteLength
      return { done: false, value }
    },
    cancel: async () => undefined,
  }
  return { body, given: () => given }
}

async function bytesOf(body: ChunkSource): Promise<Bytes> {
  const chunks: Bytes[] = []
  for (let chunk = await body.read(); !chunk.done; chunk = await body.read()) chunks.push(chunk.value)
  return joined(...chunks)
}
const cut = (bytes: Bytes, lengths: readonly number[]): Bytes[] => {
  const pieces: Bytes[] = []
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length] ?? 1
    pieces.push(bytes.slice(at, at + length))
    at += length
  }
  return pieces
}

describe('a form', () => {
  it('gives its file back, whatever is in it and however it is cut', async () => {
    // Pieces of the delimiter, which the file itself never holds whole.
    const almost = fc
      .constantFrom(
        '\r',
        '\n',
        '\r\n',
        '--',
        '\r\n--',
        '\r\n--a',
        '\r\n--a-boundar',
        'a-boundary',
        '\r\n-',
        'x',
      )
      .map(text)
    const content = fc.array(
      fc.oneof(
        almost,
        fc.uint8Array({ maxLength: 20 }).map(bytes => new Uint8Array(bytes)),
      ),
      { maxLength: 12 },
    )
    const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(content, fc.nat({ max: 3 }), lengths, async (contents, before, pieces) => {
        const file = joined(...contents)
        fc.pre(!Buffer.concat([text('\r\n'), file]).includes(`\r\n--${boundary}`))
        const others = Array.from({ length: before }, (_, i) => part(`name="field${i}"`, text('undefined')))
        const form = joined(...others, part('name="file"; filename="x"', file), closing)
        const { body } = source(cut(form, pieces))
        expect(Buffer.compare(await bytesOf((await fileField(body, boundary)).body), file)).toBe(0)
      }),
      { numRuns: 2000 },
    )
  })

  it('is read no further than it is used (security 10, 11)', async () => {
    const chunk = new Uint8Array(1000)
    const { body, given } = source(
      [joined(text(`--${boundary}\r\ncontent-disposition: form-data; name="file"\r\n\r\n`), chunk)],
      chunk,
    )
    const reader = (await fileField(body, boundary)).body
    for (let i = 1; i <= 100; i++) {
      await reader.read()
      expect(given()).toBeLessThanOrEqual((i + 3) * 1000)
    }
    await reader.cancel()
  })

  const mebibyte = 1024 * 1024
  const chunk = new Uint8Array(10_000).fill(65)
  it.each<readonly [string, Bytes, Bytes]>([
    ['preamble', new Uint8Array(), chunk],
    ['preamble of line breaks', new Uint8Array(), text('\r\n--'.repeat(2000))],
    ['field', text(`--${boundary}\r\ncontent-disposition: form-data; name="x"\r\n\r\n`), chunk],
    ['line of delimiters', text(`--${boundary}`), text(`\r\n\r\n\r\n--${boundary}`.repeat(500))],
    [
      'number of fields',
      new Uint8Array(),
      joined(...new Array<Bytes>(200).fill(part('name="x"', text('y')))),
    ],
    ['header', text(`--${boundary}\r\nx: `), chunk],
    ['number of headers', text(`--${boundary}\r\n`), text('x: y\r\n'.repeat(1000))],
    ['name', text(`--${boundary}\r\ncontent-disposition: form-data; name="`), chunk],
  ])('with an endless %s is refused before much of it is read (security 11)', async (_, start, filler) => {
    const { body, given } = source([start], filler)
    await expect(fileField(body, boundary)).rejects.toThrow(MalformedMultipart)
    expect(given()).toBeLessThan(1.5 * mebibyte)
  })

  const mebibyteOf = (byte: number) => new Uint8Array(mebibyte).fill(byte)
  it.each<readonly [string, Bytes]>([
    ['carriage returns in a header', joined(text(`--${boundary}\r\nx: `), new Uint8Array(16_000).fill(13))],
    [
      'beginnings of the delimiter in the file',
      joined(
        text(`--${boundary}\r\ncontent-disposition: form-data; name="file"\r\n\r\n`),
        text('\r\n--a-boundar'.repeat(5000)),
      ),
    ],
    [
      'carriage returns in the file',
      joined(
        text(`--${boundary}\r\ncontent-disposition: form-data; name="file"\r\n\r\n`),
        mebibyteOf(13).subarray(0, 60_000),
      ),
    ],
    ['carriage returns before the form', mebibyteOf(13).subarray(0, 60_000)],
    ['parts without headers', text(`\r\n--${boundary}\r\n\r\n`.repeat(3000))],
  ])('of %s costs work in proportion to its bytes, whatever their cut', async (_, form) => {
    for (const length of [1, 2, 3, 5, 64, 4096]) {
      const { body } = source(cut(form, [length]))
      const touched = await bytesTouched(async () => {
        await fileField(body, boundary)
          .then(({ body: file }) => bytesOf(file))
          .catch(() => undefined)
      })
      // Each byte is searched, kept and decoded once; a delimiter's few are added for each part.
      expect({ length, touched: touched < 12 * form.byteLength }).toEqual({ length, touched: true })
    }
  })

  it('that ends too early fails, at once or while it is read', async () => {
    const whole = joined(part('name="x"', text('y')), part('name="file"', text('the file')), closing)
    const complete = whole.length - '--\r\n'.length
    for (let length = 0; length < complete; length++) {
      const { body } = source([whole.slice(0, length)])
      const read = fileField(body, boundary).then(({ body: file }) => bytesOf(file))
      await expect(read, String(length)).rejects.toThrow(MalformedMultipart)
    }
    expect(await bytesOf((await fileField(source([whole.slice(0, complete)]).body, boundary)).body)).toEqual(
      text('the file'),
    )
  })

  it('fails as its source does', async () => {
    const broken: ChunkSource = {
      async read() {
        broken.read = () => Promise.reject(new Error('the phone is in a tunnel'))
        return {
          done: false,
          value: joined(text(`--${boundary}\r\ncontent-disposition: form-data; name="file"\r\n\r\n`), chunk),
        }
      },
      cancel: async () => undefined,
    }
    await expect(fileField(broken, boundary).then(({ body: file }) => bytesOf(file))).rejects.toThrow(
      'in a tunnel',
    )
  })
})

describe('the boundary', () => {
  it.each([
    ['multipart/form-data; boundary=x', 'x'],
    ['Multipart/Form-Data;BOUNDARY="a b"', 'a b'],
    ['multipart/form-data; charset=utf-8; boundary=----WebKitFormBoundaryAbc', '----WebKitFormBoundaryAbc'],
    ['multipart/form-data; boundary=x; charset=utf-8', 'x'],
    [`multipart/form-data; boundary=${'b'.repeat(70)}`, 'b'.repeat(70)],
    ['image/png', undefined],
    ['application/x-www-form-urlencoded; boundary=x', undefined],
    ['', undefined],
  ])('of %j is %j', (type, expected) => {
    expect(boundaryOf(type)).toBe(expected)
  })

  it.each([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary=""',
    `multipart/form-data; boundary=${'b'.repeat(71)}`,
  ])('of %j is missing', type => {
    expect(() => boundaryOf(type)).toThrow(MalformedMultipart)
  })
})
