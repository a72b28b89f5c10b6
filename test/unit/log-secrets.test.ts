import { afterAll, describe, expect, it } from 'vitest'
import { Client, callers, signToken } from '../support/client.ts'
import {
  avatarOf,
  nobody,
  placeFor,
  read,
  readByUrl,
  sdkSignOf,
  send,
  sendFile,
  signOf,
  toUser,
} from '../support/files.ts'
import { jpeg, someBytes } from '../support/fixtures.ts'
import { people } from '../support/groups.ts'
import { freePort, removeFolder, startServer, temporaryFolder } from '../support/process.ts'
import { startS3Server } from '../support/s3-server.ts'

const app_id = 'demo'
const secret = 'a-secret-of-the-demo-app-for-tests'

/** A service that logs all it can, what it has logged so far, and its end. */
async function startTalkative(environment: Readonly<Record<string, string>> = {}) {
  const data = temporaryFolder()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const env = {
    DATA_DIR: data,
    PORT: String(port),
    APP_ID: app_id,
    APP_SECRET: secret,
    LOG_LEVEL: 'info',
    ...environment,
  }
  const running = await startServer(['node', 'dist/cohort.js', 'serve'], env, url)
  return {
    url,
    app_id,
    secret,
    async stop(): Promise<string> {
      expect(await running.end('SIGTERM'), running.output()).toBe(0)
      await removeFolder(data)
      return running.output()
    },
  }
}

/** All parts of a token are secret but its header, which says the same of all. */
const partsOf = (token: string): string[] => token.split('.').slice(1)

describe('what is logged and answered', () => {
  const s3 = startS3Server()
  afterAll(async () => (await s3).stop())

  it.each(['folder', 'S3'])('has no credential in it, with files in a %s (security 22)', async kind => {
    const server = await s3
    const inBucket = {
      S3_ENDPOINT: server.endpoint,
      S3_BUCKET: server.bucket,
      S3_REGION: server.region,
      S3_ACCESS_KEY_ID: server.accessKeyId,
      S3_SECRET_ACCESS_KEY: server.secretAccessKey,
    }
    const service = await startTalkative(kind === 'S3' ? inBucket : {})
    const { sender, friend, outsider } = await people(service, ['sender', 'friend', 'outsider'])
    const { admin } = callers(service)
    const claims = { app: app_id, role: 1, sub: String(friend.id) }
    const storeToken = await signToken(secret, { ...claims, use: 'files' })
    const expired = await signToken(secret, { ...claims, exp: 1_000_000 })
    const foreign = await signToken('another secret altogether', claims)
    const url = await sendFile(sender, { ...toUser(friend), file_type: 102 }, await jpeg())
    const avatar = await avatarOf(sender, await jpeg())
    const sdkSign = sdkSignOf(secret, signOf(url))
    const place = await placeFor(sender, toUser(friend))

    const replies = []
    for (const at of [url, avatar, `${url}x`, `${url.split('?')[0]}?file_sign=nonsense`]) {
      for (const reader of [friend, outsider, await admin()]) {
        for (const query of [
          {},
          { image_type: 2 },
          { format: 'mp3' },
          { image_type: 'x' },
          { source: 'miniprogram' },
        ]) {
          replies.push(
            await readByUrl(reader, at, { query, redirect: 'manual' }),
            await read(reader, at, { query, redirect: 'manual' }),
          )
        }
      }
      for (const token of [storeToken, expired, foreign]) {
        for (const name of ['access-token', 'store_token'])
          replies.push(await read(nobody, at, { query: { app_id, [name]: token }, redirect: 'manual' }))
        replies.push(
          await read(nobody, at, { query: { app_id: 'nowhere', store_token: token }, redirect: 'manual' }),
        )
      }
      replies.push(await read(nobody, at, { query: { app_id, sdk_sign: sdkSign }, redirect: 'manual' }))
    }
    replies.push(
      await send(place, someBytes(10)),
      await send(place, someBytes(10)),
      await send({ ...place, upload_url: `${place.upload_url}x` }, someBytes(10)),
    )
    for (const path of ['/nowhere', '/group/create', '/healthz', '/file/upload/chat']) {
      const query = { app_id, 'access-token': storeToken, store_token: storeToken, sdk_sign: sdkSign }
      const { body, headers } = await new Client({ ...sender.instance }, {}).get(path, query)
      expect(JSON.stringify([body, [...headers]])).not.toContain(partsOf(storeToken)[1])
    }
    if (kind === 'S3') {
      server.setFault('down')
      replies.push(
        await readByUrl(friend, url, { query: { image_type: 3 } }),
        await readByUrl(friend, place.download_url, { query: { store_token: storeToken } }),
      )
      server.setFault('none')
    }

    const tokens = [
      sender.headers['access-token'] ?? '',
      friend.headers['access-token'] ?? '',
      outsider.headers['access-token'] ?? '',
      storeToken,
      expired,
      foreign,
    ]
    const admins = (await admin()).headers['access-token'] ?? ''
    const credentials = [secret, sdkSign, server.secretAccessKey, ...[...tokens, admins].flatMap(partsOf)]
    for (const { status, headers, bytes } of replies) {
      const answer =
        JSON.stringify([...headers]) +
        (headers.get('content-type') === 'application/json' ? new TextDecoder().decode(bytes) : '')
      for (const credential of credentials)
        expect({ status, has: answer.includes(credential) }).toEqual({ status, has: false })
    }
    const log = await service.stop()
    const lines = log.split('\n').filter(line => line.startsWith('{'))
    expect(lines.length).toBeGreaterThan(replies.length)
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty('time')
    // Of URLs no query is logged: signs and upload slots neither.
    const slot = new URL(place.upload_url).searchParams.get('slot') ?? 'X-Amz-Signature'
    for (const credential of [
      ...credentials,
      signOf(url),
      slot.split('~').at(-1) ?? slot,
      'file_sign=',
      'access-token=',
    ]) {
      expect({ credential, logged: log.includes(credential) }).toEqual({ credential, logged: false })
    }
  })
})
