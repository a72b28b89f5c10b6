import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderStore } from '../../src/blobs/folder.ts'
import { s3Store } from '../../src/blobs/s3.ts'
import { startS3Server } from '../support/s3-server.ts'
import { blobStoreContract } from './blob-store.contract.ts'

blobStoreContract('folder', async () => {
  const root = await mkdtemp(join(tmpdir(), 'cohort-blobs-'))
  return {
    store: folderStore(root),
    leftovers: () => readdir(join(root, 'tmp')),
    stop: () => rm(root, { recursive: true }),
  }
})

for (const upload of ['put', 'post', 'through'] as const) {
  blobStoreContract(`S3, upload by ${upload}`, async () => {
    const { openUploads: leftovers, stop, ...server } = await startS3Server()
    const prefix = upload === 'post' ? 'some/prefix/' : ''
    return { store: s3Store({ ...server, forcePathStyle: true, upload, prefix }), leftovers, stop }
  })
}
