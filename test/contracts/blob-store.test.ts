import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderStore } from '../../src/blobs/folder.ts'
import { s3Store } from '../../src/blobs/s3.ts'
import { hasRadosgw, startRadosgw } from '../support/radosgw.ts'
import { type Dialect, dialects } from '../support/s3-dialects.ts'
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

// Clients use presigned URLs, and a virus scanner looks at what they sent: such a store can do the most.
const checksTags = true

for (const dialect of Object.keys(dialects) as Dialect[]) {
  blobStoreContract(`S3 as ${dialect} answers`, async () => {
    const { openUploads: leftovers, stop, ...server } = await startS3Server(dialect)
    const prefix = dialect === 'aws' ? '' : 'some/prefix/'
    const store = s3Store({ ...server, forcePathStyle: true, upload: 'put', checksTags, prefix })
    return {
      store,
      checksTags,
      unconditional: dialects[dialect].putCondition !== 'honoured',
      leftovers,
      stop,
    }
  })
}

// A real gateway, where Debian's is installed: CI installs it.
if (hasRadosgw())
  blobStoreContract('S3 of a real Ceph gateway', async () => {
    const { openUploads: leftovers, stop, ...server } = await startRadosgw()
    const store = s3Store({
      ...server,
      forcePathStyle: true,
      upload: 'put',
      checksTags,
      prefix: 'some/prefix/',
    })
    return { store, checksTags, leftovers, stop }
  })
