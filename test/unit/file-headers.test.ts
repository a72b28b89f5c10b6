import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contentDisposition } from '../../src/file/download/headers.ts'
import { notModified, rangeOf } from '../../src/http/range.ts'

describe('Content-Disposition', () => {
  const shape = /^attachment; filename="[\w.() -]*"; filename\*=UTF-8''[\w.!~%-]*$/

  it.each([
    'report.pdf',
    'two words (1).txt',
    'a"; filename="b.html',
    "it's",
    'line\r\nset-cookie: x=1',
    'nul\0l',
    'right\u202eto-left.gpj',
    '../../etc/passwd',
    'smile 😀 and é',
    'half a pair \ud800',
    '\u2028\u0085\u007f',
    '',
    'x'.repeat(10_000),
    '😀'.repeat(5000),
  ])('is one header, whatever the name: %j (security 6)', name => {
    const value = contentDisposition('attachment', name)
    expect(value).toMatch(shape)
    expect(value.length).toBeLessThan(3000)
    expect(new Headers({ 'content-disposition': value }).get('content-disposition')).toBe(value)
  })

  it('is one header for any name at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), name => {
        expect(contentDisposition('attachment', name)).toMatch(shape)
      }),
    )
  })

  it('keeps the name', () => {
    expect(contentDisposition('inline', 'smile 😀.png')).toBe(
      `inline; filename="smile __.png"; filename*=UTF-8''smile%20%F0%9F%98%80.png`,
    )
  })
})

describe('a range', () => {
  const range = (value: string, size: number) => rangeOf(new Headers({ range: value }), size, 'tag')

  it('is inside of the file, unsatisfiable, or none (security 26)', () => {
    const number = fc.oneof(
      fc.constant(''),
      fc.nat({ max: 20 }).map(String),
      fc.bigInt({ min: 0n, max: 10n ** 20n }).map(String),
    )
    const sent = fc.oneof(
      fc.tuple(number, number).map(([first, last]) => `bytes=${first}-${last}`),
      fc.string({ unit: 'grapheme-ascii', maxLength: 30 }),
    )
    fc.assert(
      fc.property(sent, fc.nat({ max: 15 }), (value, size) => {
        const found = range(value, size)
        if (found === undefined || found === 'unsatisfiable') return
        expect(found.start).toBeGreaterThanOrEqual(0)
        expect(found.start).toBeLessThanOrEqual(found.end)
        expect(found.end).toBeLessThan(size)
      }),
      { numRuns: 5000 },
    )
  })

  it('is what RFC 9110 says', () => {
    expect([
      range('bytes=0-4', 10),
      range('bytes=5-', 10),
      range('bytes=-3', 10),
      range('bytes=8-100', 10),
    ]).toEqual([
      { start: 0, end: 4 },
      { start: 5, end: 9 },
      { start: 7, end: 9 },
      { start: 8, end: 9 },
    ])
    expect([range('bytes=10-', 10), range('bytes=-0', 10), range('bytes=0-', 0)]).toEqual([
      'unsatisfiable',
      'unsatisfiable',
      'unsatisfiable',
    ])
    expect([
      range('bytes=4-2', 10),
      range('bytes=0-1,3-4', 10),
      range('', 10),
      range('lines=0-1', 10),
    ]).toEqual([undefined, undefined, undefined, undefined])
    for (const [condition, expected] of [
      ['"tag"', { start: 0, end: 0 }],
      ['W/"tag"', undefined],
      ['"other"', undefined],
    ] as const) {
      expect(rangeOf(new Headers({ range: 'bytes=0-0', 'if-range': condition }), 10, 'tag')).toEqual(expected)
    }
  })
})

it('a version that is known is not sent again', () => {
  const known = (value: string) => notModified(new Headers({ 'if-none-match': value }), 'tag')
  for (const value of ['"tag"', 'W/"tag"', '"a", "tag"', ' * ', '"a",W/"tag" '])
    expect(known(value)).toBe(true)
  for (const value of ['tag', '"ta"', '"tag', '', '"a", "b"', '"TAG"']) expect(known(value)).toBe(false)
  expect(notModified(new Headers(), 'tag')).toBe(false)
})
