import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { s3Store } from '../../src/blobs/s3.ts'
import type { BlobStore } from '../../src/platform.ts'
import { callers } from '../support/client.ts'
import {
  avatarOf,
  deliver,
  expectBytes,
  expectRefused,
  newTenants,
  nobody,
  placeFor,
  read,
  readByUrl,
  sdkSignOf,
  send,
  sendFile,
  signOf,
  toGroup,
  toUser,
} from '../support/files.ts'
import { hostile, jpeg, mp3, png, someBytes, voice } from '../support/fixtures.ts'
import { dataOf, expectRefusal, newGroup, people } from '../support/groups.ts'
import { look } from '../support/pictures.ts'
import { type S3Server, startS3Server } from '../support/s3-server.ts'
import { s3Target, s3Uploads } from '../support/s3-target.ts'
import type { Instance } from '../support/target.ts'
import { sendTo } from '../support/uploads.ts'

/** What only a service with a bucket does. */
describe.each(s3Uploads)('the bucket with S3_UPLOAD=%s', upload => {
  let server: S3Server
  let store: BlobStore
  let service: Instance
  beforeAll(async () => {
    server = await startS3Server()
    store = s3Store({ ...server, forcePathStyle: true, upload: 'through' })
    service = await s3Target(() => server, upload).start()
  })
  afterAll(async () => {
    server.setFault('none')
    const problems = await service.check()
    await service.stop()
    await server.stop()
    expect(problems).toEqual([])
  })

  const couple = () => people(service, ['sender', 'friend'])
  const keysOf = async (prefix: string): Promise<string[]> => {
    const keys: string[] = []
    for await (const key of store.list(prefix)) keys.push(key)
    return keys
  }

  it('has every object below its app, with what was made of it, and loses all of it together (security 9, 27)', async () => {
    const { bucket } = await newTenants(service, upload, { bucket: {} })
    const { owner } = await people(service, ['owner'], bucket)
    const group_id = await newGroup(owner)
    const before = await keysOf('')
    const url = await sendFile(owner, { ...toGroup(group_id), file_type: 202 }, await jpeg())
    const avatar = await avatarOf(owner, await png())
    for (const at of [url, avatar])
      for (const query of [{}, { image_type: 2 }, { image_type: 3 }])
        expect((await read(owner, at, { query })).status).toBe(200)
    const keys = await keysOf(`${bucket.app_id}/`)
    expect((await keysOf('')).sort()).toEqual([...before, ...keys].sort())
    expect(keys.filter(key => key.startsWith(`${bucket.app_id}/chat/`))).toHaveLength(3)
    expect(keys.filter(key => key.startsWith(`${bucket.app_id}/avatar/`))).toHaveLength(3)
    const { file_id } = dataOf(await owner.post('/group/file/upload', { group_id, name: 'a', size: 1, url }))
    dataOf(await owner.post('/group/file/delete', { group_id, file_list: [file_id] }))
    await service.gc?.()
    expect(await keysOf(`${bucket.app_id}/chat/`)).toEqual([])
    expect(await keysOf(`${bucket.app_id}/avatar/`)).toHaveLength(3)
  })

  it('loses also what nobody ever asked for', async () => {
    const { unread } = await newTenants(service, upload, { unread: {} })
    const { owner } = await people(service, ['owner'], unread)
    const [group_id, dissolved] = [await newGroup(owner), await newGroup(owner)]
    const url = await sendFile(owner, { ...toGroup(group_id), file_type: 200 }, someBytes(100))
    await sendFile(owner, toGroup(dissolved), someBytes(101))
    expect(await keysOf(`${unread.app_id}/`)).toHaveLength(2)
    const { file_id } = dataOf(await owner.post('/group/file/upload', { group_id, name: 'a', size: 1, url }))
    dataOf(await owner.post('/group/file/delete', { group_id, file_list: [file_id] }))
    dataOf(await owner.post('/group/destroy', { group_id: dissolved }))
    await service.gc?.()
    expect(await keysOf(`${unread.app_id}/`)).toEqual([])
  })

  it(
    upload === 'through'
      ? 'is never shown to clients'
      : 'serves downloads, by redirects that carry no token (security 22)',
    async () => {
      const { sender, friend } = await couple()
      const { app_id, secret } = service
      const url = await sendFile(sender, { ...toUser(friend), file_type: 102 }, await jpeg())
      const avatar = await avatarOf(sender, await png())
      const token = friend.headers['access-token'] ?? ''
      const sign = sdkSignOf(secret, signOf(url))
      const replies = [
        await read(friend, url, { redirect: 'manual' }),
        await readByUrl(friend, url, { redirect: 'manual' }),
        await read(nobody, url, { redirect: 'manual', query: { app_id, store_token: token } }),
        await read(nobody, url, { redirect: 'manual', query: { app_id, sdk_sign: sign } }),
        await readByUrl(friend, avatar, { redirect: 'manual' }),
      ]
      for (const reply of replies) {
        if (upload === 'through') {
          expect(reply.status).toBe(200)
          continue
        }
        expect(reply.status).toBe(302)
        const location = reply.headers.get('location') ?? ''
        expect(location.startsWith(`${server.endpoint}/${server.bucket}/${app_id}/`)).toBe(true)
        for (const part of [...token.split('.'), sign, signOf(url), server.secretAccessKey])
          expect(decodeURIComponent(location)).not.toContain(part)
        expect(Number(new URL(location).searchParams.get('X-Amz-Expires'))).toBeLessThanOrEqual(900)
        expect(reply.headers.get('referrer-policy')).toBe('no-referrer')
        expect(reply.headers.get('cache-control')).toMatch(/no-store|private/)
        expect(reply.headers.get('access-control-allow-origin')).toBe('*')
        expect(reply.bytes).toHaveLength(0)
        const fetched = await fetch(location)
        expect([fetched.status, fetched.headers.get('content-type')]).toEqual([
          200,
          reply === replies[4] ? 'image/png' : 'image/jpeg',
        ])
      }
    },
  )

  it('is not where mini programs, thumbnails, MP3s and HEAD are sent', async () => {
    const { sender, friend } = await couple()
    const [picture, sound] = [await jpeg(), voice()]
    const [url, clip] = [
      await sendFile(sender, { ...toUser(friend), file_type: 102 }, picture),
      await sendFile(sender, { ...toUser(friend), file_type: 101 }, sound),
    ]
    const direct = (
      at: string,
      query: Readonly<Record<string, string | number>>,
      method: 'GET' | 'HEAD' = 'GET',
    ) => readByUrl(friend, at, { redirect: 'manual', query, method })
    expectBytes(await direct(url, { source: 'miniprogram' }), picture)
    expectBytes(await direct(clip, { source: 'miniprogram' }), sound)
    for (const source of ['', 'miniprogram']) {
      for (const query of [
        { image_type: 2 },
        { image_type: 3, w: 20, h: 20 },
        { image_type: 2, thumbnail_strategy: 1 },
      ]) {
        const reply = await direct(url, { ...query, source })
        expect({ query, status: reply.status }).toEqual({ query, status: 200 })
        expect((await look(reply.bytes)).width).toBeLessThanOrEqual(200)
      }
      expect(await direct(clip, { format: 'mp3', source })).toMatchObject({ status: 200 })
    }
    // What a store signs for GET is no good for HEAD.
    for (const [at, bytes] of [
      [url, picture],
      [clip, sound],
    ] as const) {
      const head = await direct(at, {}, 'HEAD')
      expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.length)])
      expect((await readByUrl(friend, at, { method: 'HEAD' })).status).toBe(200)
    }
  })

  it('takes what its own upload URL is for, and that is read as what it is', async () => {
    const { sender, friend } = await couple()
    const place = await placeFor(sender, { ...toUser(friend), file_type: 104 })
    expect(place.upload_method).toBe(upload === 'put' ? 'PUT' : 'POST')
    expect(place.upload_url.startsWith(upload === 'through' ? service.url : server.endpoint)).toBe(true)
    expect(Object.keys(place.oss_body_param).length > 0).toBe(upload === 'post')
    const bytes = mp3()
    await deliver(place, bytes)
    const reply = await read(friend, place.download_url)
    expectBytes(reply, bytes)
    expect([
      reply.headers.get('content-type'),
      reply.headers.get('content-disposition')?.split(';')[0],
    ]).toEqual(['audio/mpeg', 'inline'])
    const page = await sendFile(sender, toUser(friend), hostile.HTML)
    const saved = await read(friend, page)
    expect([
      saved.headers.get('content-type'),
      saved.headers.get('content-disposition')?.split(';')[0],
    ]).toEqual(['application/octet-stream', 'attachment'])
  })

  it.runIf(upload !== 'through')(
    'may get other bytes by the same upload URL until that expires, but they are never served as another kind',
    async () => {
      const { sender, friend } = await couple()
      const place = await placeFor(sender, { ...toUser(friend), file_type: 102 })
      const picture = await jpeg()
      await deliver(place, picture)
      expectBytes(await read(friend, place.download_url), picture)
      const thumbnail = await read(friend, place.download_url, { query: { image_type: 2 } })
      await sendTo(place, hostile.HTML)
      const reply = await read(friend, place.download_url)
      expect(reply.headers.get('content-type')).toBe('image/jpeg')
      expectBytes(await read(friend, place.download_url, { query: { image_type: 2 } }), thumbnail.bytes)
    },
  )

  describe('what must not be there', () => {
    it('goes again and says why: too large, beyond a quota, an avatar that is no picture (security 5, 10, 16)', async () => {
      const { limits } = await newTenants(service, upload, {
        limits: { upload_max_bytes: 1000, user_quota_bytes: 1500 },
      })
      const { sender, friend } = await people(service, ['sender', 'friend'], limits)
      const kept = await sendFile(sender, toUser(friend), someBytes(1000))
      expectBytes(await read(friend, kept), someBytes(1000))
      const before = await keysOf(`${limits.app_id}/`)
      for (const [what, bytes, status] of [
        ['too large', someBytes(1001), 413],
        ['far too large', someBytes(200_000), 413],
        ['beyond the quota', someBytes(501), 507],
        ['an avatar that is none', hostile.SVG, 415],
      ] as const) {
        const place = what.startsWith('an avatar')
          ? dataOf(await sender.get('/file/upload/avatar/user'))
          : await placeFor(sender, toUser(friend))
        const sent = await send(place, bytes)
        // What the bucket or this service refused at once was never there.
        const refusedAtOnce = upload === 'through' || (upload === 'post' && status === 413)
        expect.soft({ what, sent: sent.status < 300 }).toEqual({ what, sent: !refusedAtOnce })
        for (const query of [{}, { image_type: 2 }, { source: 'miniprogram' }, {}]) {
          const reply = await readByUrl(friend, place.download_url, { query })
          const expected = refusedAtOnce ? 404 : status
          expect.soft({ what, query, status: reply.status }).toEqual({ what, query, status: expected })
          expect.soft(reply.message).toMatch(/\w/)
        }
        expect.soft({ what, keys: await keysOf(`${limits.app_id}/`) }).toEqual({ what, keys: before })
      }
      expectBytes(await read(friend, await sendFile(sender, toUser(friend), someBytes(500))), someBytes(500))
    })

    it('is not what is of another kind than the slot: that stays, as what it is', async () => {
      const { sender, friend } = await couple()
      for (const [file_type, bytes, type] of [
        [102, someBytes(100), 'application/octet-stream'],
        [102, hostile.SVG, 'application/octet-stream'],
        [102, new Uint8Array(), 'application/octet-stream'],
        [101, await png(), 'image/png'],
      ] as const) {
        const url = await sendFile(sender, { ...toUser(friend), file_type }, bytes)
        for (const _ of ['once', 'and again']) {
          const reply = await readByUrl(friend, url)
          expectBytes(reply, bytes)
          expect(reply.headers.get('content-type')).toBe(type)
        }
      }
    })

    it('is not written by a changed upload URL, or an expired one', async () => {
      const { sender, friend } = await couple()
      const place = await placeFor(sender, toUser(friend))
      const url = new URL(place.upload_url)
      const changed = [new URL(url), new URL(url)]
      for (const [i, at] of changed.entries())
        for (const [name, value] of url.searchParams)
          at.searchParams.set(
            name,
            i === 0 ? `${value}0` : value.replace(/\d/, d => String((Number(d) + 1) % 10)),
          )
      for (const at of changed) {
        const tampered =
          upload === 'post'
            ? { ...place, oss_body_param: { ...place.oss_body_param, key: 'demo/chat/mine' } }
            : { ...place, upload_url: at.href }
        const response = await sendTo(tampered, someBytes(10))
        expect(response.status).toBe(403)
        if (upload === 'through') expect((await response.json()).code).toBe(10030)
      }
      if (upload !== 'through') {
        server.setClock(16 * 60_000)
        expect((await sendTo(place, someBytes(10))).status).toBe(403)
        server.setClock(0)
      }
      expectRefused(await read(friend, place.download_url), 404, 20022)
    })
  })

  describe('out of order', () => {
    it.each(['down', 'slow', 'lying'] as const)(
      '(%s) is 10009 in bounded time, and works again afterwards',
      async fault => {
        const { sender, friend } = await couple()
        const [picture, sound] = [await jpeg(), voice()]
        const [url, clip] = [
          await sendFile(sender, { ...toUser(friend), file_type: 102 }, picture),
          await sendFile(sender, { ...toUser(friend), file_type: 101 }, sound),
        ]
        for (const at of [url, clip]) expect((await read(friend, at)).status).toBe(200)
        const fresh = await placeFor(sender, toUser(friend))
        const started = performance.now()
        server.setFault(fault)
        try {
          const replies = await Promise.all([
            read(friend, url, { query: { image_type: 2 } }),
            read(friend, url, { query: { image_type: 3 } }),
            read(friend, clip, { query: { format: 'mp3' } }),
            ...(upload === 'through' ? [] : [read(friend, fresh.download_url)]),
          ])
          for (const reply of replies) expectRefused(reply, 503, 10009)
          if (upload === 'through')
            expect(await send(fresh, someBytes(100))).toMatchObject({ status: 503, code: 10009 })
          // What needs no bytes goes on.
          dataOf(await sender.get('/group/user_joined'))
          expect((await placeFor(sender, toUser(friend))).download_url).toMatch(/file_sign=/)
          expect((await read(friend, url, { method: 'HEAD', query: { source: 'miniprogram' } })).status).toBe(
            200,
          )
          expectRefusal(await sender.get('/group/info', { group_id: 5 }), 20001)
        } finally {
          server.setFault('none')
        }
        // The store gets ten seconds for a call; two for one request.
        expect(performance.now() - started).toBeLessThan(60_000)
        expect((await read(friend, url, { query: { image_type: 2 } })).status).toBe(200)
        expect((await read(friend, clip, { query: { format: 'mp3' } })).status).toBe(200)
        expectBytes(await read(friend, await deliver(fresh, someBytes(100))), someBytes(100))
      },
    )

    it('breaks a download off, and no answer says otherwise', async () => {
      const { sender, friend } = await couple()
      const url = await sendFile(sender, toUser(friend), someBytes(3_000_000))
      expectBytes(await read(friend, url, { query: { source: 'miniprogram' } }), someBytes(3_000_000))
      server.setFault('lying')
      try {
        await expect(read(friend, url, { query: { source: 'miniprogram' } })).rejects.toThrow()
      } finally {
        server.setFault('none')
      }
      expectBytes(await read(friend, url, { query: { source: 'miniprogram' } }), someBytes(3_000_000))
    })
  })

  it('is asked for pictures by an image service where one is configured', async () => {
    const other = await s3Target(() => server, upload).start({
      IMAGE_SERVICE_URL: 'https://images.example/{fit}/{w}x{h}?u={url}',
    })
    try {
      const { sender, friend } = await people(other, ['sender', 'friend'])
      const url = await sendFile(sender, { ...toUser(friend), file_type: 102 }, await jpeg())
      for (const query of [{}, { thumbnail_strategy: 1 }]) {
        const reply = await readByUrl(friend, url, {
          redirect: 'manual',
          query: { image_type: 3, w: 80, h: 60, ...query },
        })
        if (upload === 'through') {
          expect(reply.status).toBe(200)
          continue
        }
        expect(reply.status).toBe(302)
        const location = reply.headers.get('location') ?? ''
        expect(location).toMatch(/^https:\/\/images\.example\/cover\/80x60\?u=http/)
        expect(decodeURIComponent(location)).not.toContain(friend.headers['access-token'])
        expect((await fetch(new URL(location).searchParams.get('u') ?? '')).status).toBe(200)
      }
      for (const query of [{ thumbnail_strategy: 2 }, { source: 'miniprogram' }]) {
        const reply = await readByUrl(friend, url, {
          redirect: 'manual',
          query: { image_type: 3, w: 80, h: 60, ...query },
        })
        expect([reply.status, (await look(reply.bytes)).width]).toEqual([200, 80])
      }
      expect((await (await callers(other).admin()).get('/group/public_list')).code).toBe(200)
    } finally {
      await other.stop()
    }
  })
})
