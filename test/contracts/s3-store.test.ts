import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type S3Config, s3Store } from '../../src/blobs/s3.ts'
import { type BlobStore, BlobStoreError, type ByteStream, type Bytes } from '../../src/platform.ts'
import { type S3Fault, type S3Server, startS3Server } from '../support/s3-server.ts'
import { bytesFrom, bytesOf, streamOf } from './blob-store.contract.ts'

const MiB = 1024 * 1024
const contentType = 'image/png'
const hour = 3_600_000
const terms = { maxSize: 1000, expiresInSeconds: 900 }

let server: S3Server
beforeAll(async () => {
  server = await startS3Server()
})
afterEach(() => {
  server.setFault('none')
  server.setClock(0)
})
afterAll(() => server.stop())

function storeWith(settings: Partial<S3Config>): BlobStore {
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = server
  return s3Store({
    endpoint,
    bucket,
    region,
    accessKeyId,
    secretAccessKey,
    forcePathStyle: true,
    upload: 'put',
    ...settings,
  })
}

function presigning(
  store: BlobStore,
): BlobStore & Required<Pick<BlobStore, 'presignUpload' | 'presignDownload'>> {
  if (!store.presignUpload || !store.presignDownload) throw new Error('the store does not presign')
  return { ...store, presignUpload: store.presignUpload, presignDownload: store.presignDownload }
}

/** The URL with one character of its signature changed. */
function tampered(signed: string): string {
  return signed.replace(/([0-9a-f])$|(?<=X-Amz-Signature=)([0-9a-f])/, digit => (digit === '0' ? '1' : '0'))
}

function formOf(fields: Readonly<Record<string, string>>, bytes: Bytes): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  form.set('file', new File([bytes], 'picture.png'))
  return form
}

describe('presigned PUT', () => {
  test('takes the bytes', async () => {
    const store = presigning(storeWith({ upload: 'put' }))
    const target = await store.presignUpload('app/chat/put', terms)
    expect(target).toMatchObject({ method: 'PUT', fields: {} })
    expect((await fetch(target.url, { method: 'PUT', body: bytesOf(1000) })).status).toBe(200)
    expect(await bytesFrom(await store.get('app/chat/put'))).toEqual(bytesOf(1000))
    expect((await store.head('app/chat/put'))?.size).toBe(1000)
  })

  test('is refused with another signature, key or method, and when it has expired', async () => {
    const store = presigning(storeWith({ upload: 'put' }))
    const { url } = await store.presignUpload('app/chat/refused', terms)
    const statuses = [
      await fetch(tampered(url), { method: 'PUT', body: 'x' }),
      await fetch(url.replace('refused', 'other'), { method: 'PUT', body: 'x' }),
      await fetch(url.replace('X-Amz-Expires=900', 'X-Amz-Expires=9000'), { method: 'PUT', body: 'x' }),
      await fetch(url),
      await fetch(url, { method: 'DELETE' }),
      await fetch(new URL('app/chat/refused', `${server.endpoint}/${server.bucket}/`), {
        method: 'PUT',
        body: 'x',
      }),
    ].map(response => response.status)
    expect(statuses).toEqual([403, 403, 403, 403, 403, 403])
    server.setClock(hour)
    expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(403)
    server.setClock(0)
    expect(await store.head('app/chat/refused')).toBeUndefined()
    expect(await store.head('app/chat/other')).toBeUndefined()
  })
})

describe('presigned POST', () => {
  test('takes a form up to the limit', async () => {
    const store = presigning(storeWith({ upload: 'post', prefix: 'some/' }))
    for (const size of [0, 999, 1000]) {
      const { method, url, fields } = await store.presignUpload(`app/chat/${size}`, terms)
      expect(method).toBe('POST')
      expect((await fetch(url, { method, body: formOf(fields, bytesOf(size)) })).status).toBe(204)
      expect(await bytesFrom(await store.get(`app/chat/${size}`))).toEqual(bytesOf(size))
    }
  })

  test('is refused over the limit, with a changed or unnamed field, and when it has expired', async () => {
    const store = presigning(storeWith({ upload: 'post' }))
    const { url, fields } = await store.presignUpload('app/chat/form', terms)
    const send = async (changes: Record<string, string>, size = 10) =>
      (await fetch(url, { method: 'POST', body: formOf({ ...fields, ...changes }, bytesOf(size)) })).status
    expect(await send({}, 1001)).toBe(400)
    expect(await send({ key: 'app/chat/other' })).toBe(403)
    expect(await send({ acl: 'public-read' })).toBe(403)
    expect(await send({ 'X-Amz-Signature': tampered(fields['X-Amz-Signature'] ?? '') })).toBe(403)
    const policy = Buffer.from(fields.Policy ?? '', 'base64')
      .toString()
      .replace('1000', '9000')
    expect(await send({ Policy: Buffer.from(policy).toString('base64') }, 1001)).toBe(403)
    server.setClock(hour)
    expect(await send({})).toBe(403)
    server.setClock(0)
    expect(await store.head('app/chat/form')).toBeUndefined()
    expect(await store.head('app/chat/other')).toBeUndefined()
    expect(await send({})).toBe(204)
  })
})

test('a presigned download answers with the headers it was made for, ranges too, until it expires', async () => {
  const store = presigning(storeWith({ prefix: 'some/prefix/' }))
  await store.put('app/chat/get', streamOf(bytesOf(1000)), { contentType: 'text/html' })
  const contentDisposition = `attachment; filename="a b.png"; filename*=UTF-8''%C3%A4%27.png`
  const url = await store.presignDownload('app/chat/get', 60, {
    contentType: 'application/octet-stream',
    contentDisposition,
  })
  const response = await fetch(url)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/octet-stream')
  expect(response.headers.get('content-disposition')).toBe(contentDisposition)
  expect(await response.bytes()).toEqual(bytesOf(1000))
  const part = await fetch(url, { headers: { range: 'bytes=10-19' } })
  expect(part.status).toBe(206)
  expect(await part.bytes()).toEqual(bytesOf(1000).slice(10, 20))
  expect((await fetch(tampered(url))).status).toBe(403)
  expect((await fetch(url.replace('octet-stream', 'html'))).status).toBe(403)
  server.setClock(hour)
  expect((await fetch(url)).status).toBe(403)
})

test('presigned URLs can be used from a page of another origin', async () => {
  const { url } = await presigning(storeWith({})).presignUpload('app/chat/cors', terms)
  const preflight = await fetch(url, {
    method: 'OPTIONS',
    headers: { origin: 'https://example.org', 'access-control-request-method': 'PUT' },
  })
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('access-control-allow-methods')).toContain('PUT')
  const upload = await fetch(url, { method: 'PUT', body: 'x', headers: { origin: 'https://example.org' } })
  expect(upload.headers.get('access-control-allow-origin')).toBe('https://example.org')
})

test('a store that uploads go through presigns nothing', () => {
  const store = storeWith({ upload: 'through' })
  expect(store.uploads).toBe('service')
  expect(store.presignUpload).toBeUndefined()
  expect(store.presignDownload).toBeUndefined()
  expect(storeWith({ upload: 'post' }).uploads).toBe('store')
})

test('every key is below the prefix, and only those are listed', async () => {
  const keysOf = async (store: BlobStore) => {
    const keys: string[] = []
    for await (const key of store.list('')) keys.push(key)
    return keys
  }
  const [one, other, all] = [
    storeWith({ prefix: 'one/' }),
    storeWith({ prefix: 'one/other/' }),
    storeWith({}),
  ]
  await one.put('app/1', streamOf(bytesOf(1)), { contentType })
  await other.put('app/1', streamOf(bytesOf(2)), { contentType })
  expect(await keysOf(other)).toEqual(['app/1'])
  expect(await keysOf(all)).toEqual(expect.arrayContaining(['one/app/1', 'one/other/app/1']))
  expect(() => storeWith({ prefix: '../' })).toThrow(BlobStoreError)
})

describe.each<S3Fault>(['down', 'slow', 'lying'])('when the service is %s', fault => {
  test('every call fails as a blob store does, and works again afterwards', async () => {
    const store = storeWith({ timeoutMs: 300 })
    const key = `app/fault/${fault}`
    // On a busy machine, that takes longer than 300 ms.
    await storeWith({}).put(key, streamOf(bytesOf(100_000)), { contentType })
    server.setFault(fault)
    const calls = [
      () => store.put(`${key}/new`, streamOf(bytesOf(10)), { contentType }),
      () => store.put(`${key}/large`, streamOf(bytesOf(9 * MiB)), { contentType }),
      () => store.head(key),
      async () => bytesFrom(await store.get(key)),
      async () => bytesFrom(await store.get(key, { start: 10, end: 90_000 })),
      async () => store.list(key)[Symbol.asyncIterator]().next(),
      // A lie about a deletion cannot be told from the truth.
      ...(fault === 'lying' ? [] : [() => store.delete([key])]),
    ]
    for (const call of calls) {
      const failure = await call().then(
        () => expect.unreachable('the call succeeded'),
        (error: unknown) => error,
      )
      expect(failure).toBeInstanceOf(BlobStoreError)
      expect((failure as BlobStoreError).cause).toBeUndefined()
      expect((failure as BlobStoreError).message).not.toContain(server.secretAccessKey)
    }
    server.setFault('none')
    const works = () => store.head(key).catch(() => undefined)
    while ((await works()) === undefined) await new Promise(resolve => setTimeout(resolve, 20))
    const patient = storeWith({})
    expect(await bytesFrom(await patient.get(key))).toEqual(bytesOf(100_000))
    expect(await patient.head(`${key}/new`)).toBeUndefined()
    expect(await patient.head(`${key}/large`)).toBeUndefined()
    expect(await server.openUploads()).toEqual([])
  })

  test('an endless upload is read no further than one part', async () => {
    const store = storeWith({ timeoutMs: 300 })
    server.setFault(fault)
    let made = 0
    let cancelled = false
    const endless: ByteStream = new ReadableStream({
      pull(controller) {
        made += MiB
        controller.enqueue(new Uint8Array(MiB))
      },
      cancel() {
        cancelled = true
      },
    })
    await expect(store.put(`app/endless/${fault}`, endless, { contentType })).rejects.toBeInstanceOf(
      BlobStoreError,
    )
    expect(made).toBeLessThanOrEqual(10 * MiB)
    expect(cancelled).toBe(true)
  })
})

describe.each<S3Fault>(['busy', 'losing', 'unsure'])('when the service is %s', fault => {
  test('a write that was done is known to be done', async () => {
    const store = storeWith({})
    for (const size of [10, 9 * MiB]) {
      const key = `app/odd/${fault}-${size}`
      server.setFault(fault)
      const info = await store.put(key, streamOf(bytesOf(size)), { contentType })
      const again = await store.put(key, streamOf(bytesOf(size, 2)), { contentType }).catch(error => error)
      server.setFault('none')
      expect(info).toMatchObject({ size, etag: expect.stringMatching(/^[0-9a-f]{32}/) })
      expect(again).toBeInstanceOf(BlobStoreError)
      expect(await store.head(key)).toEqual(info)
      expect(Buffer.compare(await bytesFrom(await store.get(key)), bytesOf(size))).toBe(0)
      server.setFault(fault)
      await store.delete([key])
      server.setFault('none')
      expect(await store.head(key)).toBeUndefined()
    }
    expect(await server.openUploads()).toEqual([])
  })
})

test('wrong credentials and a wrong bucket are failures, not missing objects', async () => {
  await expect(storeWith({ secretAccessKey: 'wrong' }).get('app/chat/1')).rejects.toBeInstanceOf(
    BlobStoreError,
  )
  await expect(storeWith({ accessKeyId: 'wrong' }).head('app/chat/1')).rejects.toBeInstanceOf(BlobStoreError)
  await expect(storeWith({ bucket: 'wrong' }).get('app/chat/1')).rejects.toBeInstanceOf(BlobStoreError)
})
