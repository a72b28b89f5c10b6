import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BlobStore, BlobStoreError, type ByteStream, type Bytes } from '../../src/platform.ts'

export interface BlobStoreTarget {
  readonly store: BlobStore
  /** The service does not know conditional writes: of two writers at the very same time both may win. */
  readonly unconditional?: boolean
  /** `get` with a tag reads only bytes that have it. */
  readonly checksTags?: boolean
  /** Names of bytes that belong to no object, such as temporary files, where the store can tell. */
  leftovers?(): Promise<readonly string[]>
  stop(): Promise<void>
}

const MiB = 1024 * 1024
const contentType = 'application/octet-stream'

const hostileKeys = [
  '',
  '.',
  '..',
  '/',
  '/a',
  'a/',
  'a//b',
  '../a',
  'a/../b',
  'a/./b',
  'a/..',
  '..\\a',
  'a\\b',
  'C:a',
  '%2e%2e%2fa',
  '%252e',
  'a\0',
  'a\n',
  'a b',
  'a?b',
  'a#b',
  'a*',
  'a~b',
  'a+b',
  'ä',
  '\u202ea',
  'a'.repeat(513),
]

/**
 * What every blob store promises. Needs the port and web streams only, so that it runs inside any runtime.
 */
export function blobStoreContract(name: string, start: () => Promise<BlobStoreTarget>): void {
  describe(name, { timeout: 120_000 }, () => {
    let target: BlobStoreTarget
    let store: BlobStore
    beforeAll(async () => {
      target = await start()
      store = target.store
    })
    afterAll(() => target.stop())

    const put = (key: string, bytes: Bytes, size?: number) =>
      store.put(key, streamOf(bytes), { contentType, ...(size !== undefined && { size }) })
    const expectNothing = async (key: string) => {
      expect(await store.head(key)).toBeUndefined()
      expect(await store.get(key)).toBeUndefined()
      expect(await keysOf(store, key)).toEqual([])
      expect((await target.leftovers?.()) ?? []).toEqual([])
    }

    test('moves an object, where clients get objects by presigned URLs', async () => {
      if (store.move === undefined) return expect(store.uploads).toBe('service')
      const { etag } = await put('app/chat/moved', bytesOf(1000), 1000)
      await store.move('app/chat/moved', 'app/chat/moved.aside')
      expect(await store.get('app/chat/moved')).toBeUndefined()
      expect(await bytesFrom(await store.get('app/chat/moved.aside', undefined, etag))).toEqual(bytesOf(1000))
      // Again: it is there already, and nothing happens.
      await store.move('app/chat/moved', 'app/chat/moved.aside')
      await store.move('app/chat/moved.aside', 'app/chat/moved')
      expect(await store.get('app/chat/moved.aside')).toBeUndefined()
      expect((await store.head('app/chat/moved'))?.size).toBe(1000)
    })

    test('reads only the bytes that have the tag asked for, where it can be asked', async () => {
      if (target.checksTags !== true) return expect(store.uploads).toBe('service')
      const { etag } = await put('app/chat/tagged', bytesOf(500), 500)
      const other = etag.replace(/^./, first => (first === '0' ? '1' : '0'))
      const range = { start: 10, end: 19 }
      expect(await bytesFrom(await store.get('app/chat/tagged', range, etag))).toEqual(
        bytesOf(500).subarray(10, 20),
      )
      expect(await store.get('app/chat/tagged', undefined, other)).toBeUndefined()
      expect(await store.get('app/chat/tagged', range, other)).toBeUndefined()
    })

    test('gives back what was put', async () => {
      const bytes = bytesOf(300_001)
      const info = await put('app/chat/1', bytes)
      expect(info.size).toBe(bytes.length)
      expect(info.etag).toMatch(/^[^"\s]+$/)
      expect(await store.head('app/chat/1')).toEqual(info)
      expect(await digestOf(await store.get('app/chat/1'))).toBe(await digest(bytes))
    })

    test('has no object that nobody put, and deletes it without complaint', async () => {
      await store.delete([])
      await store.delete(['app/none/1', 'app/none/2'])
      await expectNothing('app/none/1')
    })

    test('deletes several objects and leaves the others', async () => {
      for (const key of ['app/del/1', 'app/del/2', 'app/del/3']) await put(key, bytesOf(10))
      await store.delete(['app/del/1', 'app/del/never', 'app/del/3'])
      expect(await keysOf(store, 'app/del/')).toEqual(['app/del/2'])
      await expectNothing('app/del/1')
      await expectNothing('app/del/3')
    })

    test('stores 0 bytes', async () => {
      for (const [key, size] of [
        ['app/empty/unknown', undefined],
        ['app/empty/known', 0],
      ] as const) {
        const info = await put(key, new Uint8Array(), size)
        expect(info.size).toBe(0)
        expect(await store.head(key)).toEqual(info)
        expect(await bytesFrom(await store.get(key))).toEqual(new Uint8Array())
      }
    })

    test('gives ranges', async () => {
      const bytes = bytesOf(300_000)
      await put('app/range/1', bytes)
      const last = bytes.length - 1
      for (const [start, end] of [
        [0, 0],
        [0, last],
        [1, 1],
        [last, last],
        [last - 9, last],
        [65_535, 65_536],
        [100, 299_000],
      ] as const) {
        expect(await digestOf(await store.get('app/range/1', { start, end }))).toBe(
          await digest(bytes.slice(start, end + 1)),
        )
      }
      expect(await store.get('app/range/none', { start: 0, end: 1 })).toBeUndefined()
    })

    test('stores 20 MiB, length unknown or known, and gives a range out of the middle', async () => {
      const bytes = bytesOf(20 * MiB)
      const sum = await digest(bytes)
      for (const size of [undefined, bytes.length]) {
        const key = `app/large/${size ?? 'unknown'}`
        const info = await put(key, bytes, size)
        expect(info.size).toBe(bytes.length)
        expect(await store.head(key)).toEqual(info)
        expect(await digestOf(await store.get(key))).toBe(sum)
        const [start, end] = [5 * MiB - 100, 16 * MiB + 100]
        expect(await digestOf(await store.get(key, { start, end }))).toBe(
          await digest(bytes.subarray(start, end + 1)),
        )
      }
    })

    test('stores lengths at the limits of parts', async () => {
      for (const size of [5 * MiB, 5 * MiB + 1, 8 * MiB - 1, 8 * MiB, 8 * MiB + 1]) {
        const bytes = bytesOf(size)
        expect((await put(`app/limit/${size}`, bytes)).size).toBe(size)
        expect(await digestOf(await store.get(`app/limit/${size}`))).toBe(await digest(bytes))
      }
    })

    test('leaves nothing of an upload that is cut off, and passes its error on', async () => {
      for (const [after, size] of [
        [0, undefined],
        [1000, undefined],
        [1000, 5000],
        [12 * MiB, undefined],
        [12 * MiB, 20 * MiB],
      ] as const) {
        const key = `app/cut/${after}-${size ?? 'unknown'}`
        const cut = new Error('the client went away')
        const putting = store.put(key, streamOf(bytesOf(after), cut), {
          contentType,
          ...(size !== undefined && { size }),
        })
        await expect(putting).rejects.toBe(cut)
        await expectNothing(key)
      }
    })

    test('leaves nothing of an upload with another length than announced', async () => {
      for (const [length, size] of [
        [10, 11],
        [11, 10],
        [0, 1],
        [1, 0],
        [12 * MiB, 13 * MiB],
        [13 * MiB, 12 * MiB],
      ] as const) {
        const key = `app/announced/${length}-${size}`
        await expect(put(key, bytesOf(length), size)).rejects.toBeInstanceOf(BlobStoreError)
        await expectNothing(key)
      }
    })

    test('lets a download be cancelled', async () => {
      await put('app/cancel/1', bytesOf(2 * MiB))
      for (const chunks of [0, 1]) {
        const reader = (await store.get('app/cancel/1'))?.getReader()
        for (let read = 0; read < chunks; read += 1) await reader?.read()
        await reader?.cancel()
      }
      await store.delete(['app/cancel/1'])
      await expectNothing('app/cancel/1')
    })

    test('never changes an object', async () => {
      for (const size of [1000, 9 * MiB]) {
        const key = `app/immutable/${size}`
        const bytes = bytesOf(size)
        const info = await put(key, bytes)
        for (const other of [
          bytesOf(size, 2),
          bytesOf(size - 1),
          bytesOf(size + 1),
          bytesOf(9 * MiB, 3),
          new Uint8Array(),
        ]) {
          await expect(put(key, other)).rejects.toBeInstanceOf(BlobStoreError)
          await expect(put(key, other, other.length)).rejects.toBeInstanceOf(BlobStoreError)
        }
        expect(await store.head(key)).toEqual(info)
        expect(await digestOf(await store.get(key))).toBe(await digest(bytes))
        expect((await target.leftovers?.()) ?? []).toEqual([])
      }
    })

    test('takes the same bytes again, and other bytes after a deletion', async () => {
      const info = await put('app/again/1', bytesOf(1000))
      expect(await put('app/again/1', bytesOf(1000))).toEqual(info)
      await store.delete(['app/again/1'])
      const next = await put('app/again/1', bytesOf(999, 2))
      expect(next.etag).not.toBe(info.etag)
      expect(await digestOf(await store.get('app/again/1'))).toBe(await digest(bytesOf(999, 2)))
    })

    test('takes many uploads at once', async () => {
      const numbers = Array.from({ length: 60 }, (_, index) => index)
      await Promise.all(numbers.map(number => put(`app/many/${number}`, bytesOf(50_000 + number, number))))
      const sums = await Promise.all(
        numbers.map(async number => digestOf(await store.get(`app/many/${number}`))),
      )
      expect(sums).toEqual(await Promise.all(numbers.map(number => digest(bytesOf(50_000 + number, number)))))
    })

    test('stores the same bytes once when several put them at once', async () => {
      const bytes = bytesOf(200_000)
      const infos = await Promise.all(Array.from({ length: 12 }, () => put('app/race/same', bytes)))
      expect(new Set(infos.map(info => info.etag)).size).toBe(1)
      expect(await digestOf(await store.get('app/race/same'))).toBe(await digest(bytes))
      expect((await target.leftovers?.()) ?? []).toEqual([])
    })

    test('lets one win when several put different bytes under one key at once', async () => {
      const bodies = Array.from({ length: 12 }, (_, index) => bytesOf(100_000 + index, index))
      const outcomes = await Promise.allSettled(bodies.map(bytes => put('app/race/other', bytes)))
      const winner = outcomes.findIndex(({ status }) => status === 'fulfilled')
      const losers = outcomes.filter(outcome => outcome.status === 'rejected')
      expect(winner).toBeGreaterThanOrEqual(0)
      if (target.unconditional === true) return
      expect(losers).toHaveLength(bodies.length - 1)
      for (const { reason } of losers) expect(reason).toBeInstanceOf(BlobStoreError)
      expect(await digestOf(await store.get('app/race/other'))).toBe(
        await digest(bodies[winner] ?? new Uint8Array()),
      )
      expect((await target.leftovers?.()) ?? []).toEqual([])
    })

    test('lists by prefix', async () => {
      const keys = ['list/a/1', 'list/a/10', 'list/a/2', 'list/a.b', 'list/ab', 'list/b']
      for (const key of keys) await put(key, bytesOf(1))
      expect(await keysOf(store, 'list/')).toEqual([...keys].sort())
      expect(await keysOf(store, 'list/a')).toEqual([
        'list/a.b',
        'list/a/1',
        'list/a/10',
        'list/a/2',
        'list/ab',
      ])
      expect(await keysOf(store, 'list/a/')).toEqual(['list/a/1', 'list/a/10', 'list/a/2'])
      expect(await keysOf(store, 'list/a/1')).toEqual(['list/a/1', 'list/a/10'])
      expect(await keysOf(store, 'list/c')).toEqual([])
      expect(await keysOf(store, '')).toEqual(expect.arrayContaining(keys))
    })

    test('lists more objects than any service does at once', async () => {
      const keys = Array.from({ length: 1001 }, (_, index) => `pages/${10_000 + index}`)
      for (let at = 0; at < keys.length; at += 100)
        await Promise.all(keys.slice(at, at + 100).map(key => put(key, bytesOf(1))))
      expect(await keysOf(store, 'pages/')).toEqual(keys)
      await store.delete(keys)
      expect(await keysOf(store, 'pages/')).toEqual([])
    })

    test('takes every kind of key, and one that begins another', async () => {
      const keys = [
        'x',
        'X',
        'tmp',
        '...',
        '-a/_b/.c',
        'x/y',
        'x/y/z',
        `${'k'.repeat(200)}/${'k'.repeat(200)}/${'k'.repeat(110)}`,
      ]
      for (const [index, key] of keys.entries()) await put(key, bytesOf(100 + index))
      for (const [index, key] of keys.entries()) expect((await store.head(key))?.size).toBe(100 + index)
      expect(await keysOf(store, '')).toEqual(expect.arrayContaining(keys))
      await store.delete(['x/y'])
      expect((await store.head('x'))?.size).toBe(100)
      expect((await store.head('x/y/z'))?.size).toBe(106)
    })

    test('refuses hostile keys', async () => {
      const before = await keysOf(store, '')
      for (const key of hostileKeys) {
        await expect(put(key, bytesOf(1))).rejects.toBeInstanceOf(BlobStoreError)
        await expect(store.get(key)).rejects.toBeInstanceOf(BlobStoreError)
        await expect(store.head(key)).rejects.toBeInstanceOf(BlobStoreError)
        await expect(store.delete(['app/chat/1', key])).rejects.toBeInstanceOf(BlobStoreError)
      }
      for (const prefix of ['../', '/', 'a//', 'a/../', './', 'a\0', 'a~', 'a*']) {
        await expect(keysOf(store, prefix)).rejects.toBeInstanceOf(BlobStoreError)
      }
      expect(await keysOf(store, '')).toEqual(before)
    })
  })
}

/** Bytes that look random and are the same each time. */
export function bytesOf(size: number, seed = 1): Bytes {
  const words = new Uint32Array(Math.ceil(size / 4))
  let state = seed * 2_654_435_761 + size
  for (let at = 0; at < words.length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    words[at] = state ^ (state >>> 15)
  }
  return new Uint8Array(words.buffer, 0, size)
}

/** A stream in chunks of odd sizes, made only as it is read, that ends with `failure` if there is one. */
export function streamOf(bytes: Bytes, failure?: Error): ByteStream {
  let at = 0
  return new ReadableStream<Bytes>({
    pull(controller) {
      const chunk = bytes.slice(at, at + 50_021)
      at += chunk.length
      if (chunk.length > 0) controller.enqueue(chunk)
      else if (failure) controller.error(failure)
      else controller.close()
    },
  })
}

export async function bytesFrom(stream: ByteStream | undefined): Promise<Bytes> {
  if (!stream) throw new Error('there is no such object')
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

async function digestOf(stream: ByteStream | undefined): Promise<string> {
  return digest(await bytesFrom(stream))
}

async function digest(bytes: Bytes): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(hash, byte => byte.toString(16).padStart(2, '0')).join('')
}

async function keysOf(store: BlobStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.list(prefix)) keys.push(key)
  return keys.sort()
}
