import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import S3rver, { type S3rverStore, type Written } from 's3rver'

const smallestPart = 5 * 1024 * 1024

/**
 * s3rver on a loopback port, with what it gets wrong put right: it answers before its files are written, completes uploads without
 * looking at their parts and cannot give one up.
 */
export async function startBackend(directory: string, bucket: string) {
  const s3rver = new S3rver({ directory, silent: true, vhostBuckets: false, configureBuckets: [{ name: bucket }] })
  ;(s3rver as unknown as {on: Function}).on('error', (e: unknown) => console.log('S3RVER', e))
  await s3rver.configureBuckets()
  const { store } = s3rver
  const uploads = store.getResourcePath(bucket, undefined, 'uploads')
  writeBeforeAnswering(store, uploads)
  const server = createServer(s3rver.callback())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: urlOf(server),
    hasObject: (key: string) => store.existsObject(bucket, key),
    hasUpload: (id: string) => /^[0-9a-f]{32}$/.test(id) && existsSync(join(uploads, id)),
    abortUpload: (id: string) => rm(join(uploads, id), { recursive: true }),
    openUploads: () => readdir(uploads).catch(() => []),
    stop: () => close(server),
  }
}

export function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export async function close(server: Server): Promise<void> {
  await new Promise<void>(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

function writeBeforeAnswering(store: S3rverStore, uploads: string): void {
  const parts = new Map<string, Written>()
  const completeUpload = store.putObjectMultipart.bind(store)

  store.putObject = async ({ bucket, key, content, metadata }) => {
    const path = store.getResourcePath(bucket, key, 'object')
    await mkdir(dirname(path), { recursive: true })
    const written = await write(`${path}.new`, content)
    await store.putMetadata(bucket, key, metadata, written.md5)
    await rename(`${path}.new`, path)
    return written
  }

  store.putPart = async (_bucket, uploadId, number, content) => {
    const written = await write(join(uploads, uploadId, number), content)
    parts.set(`${uploadId}/${number}`, written)
    return written
  }

  store.putObjectMultipart = async (bucket, uploadId, list) => {
    list.forEach(({ number, etag }, index) => {
      const part = parts.get(`${uploadId}/${number}`)
      if (part?.md5 !== etag) throw new Error('InvalidPart')
      if (number !== index + 1) throw new Error('InvalidPartOrder')
      if (part.size < smallestPart && index < list.length - 1) throw new Error('EntityTooSmall')
    })
    return completeUpload(bucket, uploadId, list)
  }
}

async function write(path: string, content: AsyncIterable<Uint8Array>): Promise<Written> {
  const bytes = await buffer(content)
  await writeFile(path, bytes)
  return { size: bytes.length, md5: createHash('md5').update(bytes).digest('hex') }
}
