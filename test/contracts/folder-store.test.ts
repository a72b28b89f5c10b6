import {
  cp,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { folderStore } from '../../src/blobs/folder.ts'
import { keepToOurselves } from '../../src/entry/cli/privacy.ts'
import { BlobStoreError } from '../../src/platform.ts'
import { bytesFrom, bytesOf, streamOf } from './blob-store.contract.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cohort-blobs-'))
})
afterAll(() => rm(folder, { recursive: true }))

const contentType = 'image/png'

async function filesIn(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries.filter(entry => !entry.isDirectory()).map(entry => join(entry.parentPath, entry.name))
}

test('follows no symlink', async () => {
  const root = join(folder, 'symlink')
  const secret = join(folder, 'secret')
  await writeFile(secret, 'secret')
  const store = folderStore(root)
  await store.put('app/chat/1', streamOf(bytesOf(6)), { contentType })
  const [path = ''] = await filesIn(root)
  await unlink(path)
  await symlink(secret, path)

  expect(await store.get('app/chat/1')).toBeUndefined()
  expect(await store.get('app/chat/1', { start: 0, end: 1 })).toBeUndefined()
  expect(await store.head('app/chat/1')).toBeUndefined()
  for await (const key of store.list('')) expect.unreachable(key)
  await expect(store.put('app/chat/1', streamOf(bytesOf(6)), { contentType })).rejects.toBeInstanceOf(
    BlobStoreError,
  )
  expect(await readFile(secret, 'utf8')).toBe('secret')

  await store.delete(['app/chat/1'])
  expect(await readFile(secret, 'utf8')).toBe('secret')
  await store.put('app/chat/1', streamOf(bytesOf(6)), { contentType })
  expect(await bytesFrom(await store.get('app/chat/1'))).toEqual(bytesOf(6))
})

test('keeps objects and their tags over a restart and in a copy', async () => {
  const root = join(folder, 'restart')
  await folderStore(root).put('app/chat/1', streamOf(bytesOf(1000)), { contentType })
  const [path = ''] = await filesIn(root)
  await utimes(path, 1_800_000_000.5, 1_800_000_000.5)
  const info = await folderStore(root).head('app/chat/1')
  const copy = join(folder, 'copy')
  await cp(root, copy, { recursive: true, preserveTimestamps: true })
  for (const place of [root, copy]) {
    expect(await folderStore(place).head('app/chat/1')).toEqual(info)
    expect(await bytesFrom(await folderStore(place).get('app/chat/1'))).toEqual(bytesOf(1000))
  }
})

test('stores keys longer than a file name may be', async () => {
  const root = join(folder, 'long')
  const store = folderStore(root)
  const keys = ['k'.repeat(200), 'k'.repeat(201), 'k'.repeat(512), `${'k'.repeat(199)}/${'k'.repeat(312)}`]
  for (const [index, key] of keys.entries()) await store.put(key, streamOf(bytesOf(index)), { contentType })
  for (const [index, key] of keys.entries())
    expect(await bytesFrom(await store.get(key))).toEqual(bytesOf(index))
  const listed: string[] = []
  for await (const key of store.list('')) listed.push(key)
  expect(listed.sort()).toEqual(keys.sort())
})

test('lets no other user of the machine read objects, under the umask of the program', async () => {
  const root = join(folder, 'mode')
  const before = process.umask()
  keepToOurselves()
  await folderStore(root)
    .put('app/chat/1', streamOf(bytesOf(1)), { contentType })
    .finally(() => process.umask(before))
  const [path = ''] = await filesIn(root)
  expect((await stat(path)).mode & 0o077).toBe(0)
})

test('fails as a blob store does when the folder cannot be used', async () => {
  const root = join(folder, 'a-file')
  await writeFile(root, '')
  await expect(
    folderStore(root).put('app/chat/1', streamOf(bytesOf(1)), { contentType }),
  ).rejects.toBeInstanceOf(BlobStoreError)
})

test('sweeps what killed uploads left, and spares those under way', async () => {
  const root = join(folder, 'sweep')
  const store = folderStore(root)
  const now = 1_800_000_000_000
  const day = 24 * 60 * 60 * 1000
  await store.tidy?.(now)
  await store.put('app/chat/1', streamOf(bytesOf(1)), { contentType })
  for (const [name, age] of [
    ['old', day],
    ['young', day - 1000],
  ] as const) {
    await writeFile(join(root, 'tmp', name), 'part of an upload')
    await utimes(join(root, 'tmp', name), (now - age) / 1000, (now - age) / 1000)
  }
  await store.tidy?.(now)
  expect(await readdir(join(root, 'tmp'))).toEqual(['young'])
  expect(await store.head('app/chat/1')).toBeDefined()
})
