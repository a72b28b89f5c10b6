import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../support/process.ts'
import { startServer } from '../processes.ts'
import type { Entrant } from '../side-by-side.ts'
import { pieces } from './entrants.ts'
import { hasPackage, installPackages, type Peer, packagedServer } from './peer.ts'
import { largeUpload, smallUploads, type UploadSize } from './sizes.ts'
import { upload } from './transfer.ts'

const headers = { 'tus-resumable': '1.0.0' }

/**
 * tus takes uploads: one request makes a place, a second one sends all bytes there. It does not sync them.
 */
export const tus: Peer = {
  name: 'tus',
  install: installPackages,
  isInstalled: () => hasPackage('@tus/server'),
  async start({ folder, largeMebibytes, portion }) {
    const files = join(folder, 'files')
    mkdirSync(files, { recursive: true })
    const port = await freePort()
    const server = await startServer(
      packagedServer('tus'),
      { PORT: String(port), FOLDER: files, NODE_ENV: 'production' },
      { url: `http://127.0.0.1:${port}`, ready: 'ready', log: join(folder, 'log') },
    )
    const storing = ({ bytes, count, atOnce }: UploadSize): Entrant => {
      const ids = new Map<number, string>()
      return pieces(tus.name, server, {
        count,
        atOnce,
        unitsOfEach: bytes / 1e6,
        async once(n) {
          const made = await upload({
            method: 'POST',
            url: `${server.url}/files`,
            headers: { ...headers, 'upload-length': String(bytes) },
            bytes: 0,
          })
          const id = new URL(String(made.location), server.url).pathname.split('/').at(-1) ?? ''
          ids.set(n, id)
          await upload({
            method: 'PATCH',
            url: `${server.url}/files/${id}`,
            headers: { ...headers, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
            bytes,
          })
        },
        clear(n) {
          for (const end of ['', '.json']) rmSync(join(files, `${ids.get(n)}${end}`), { force: true })
        },
      })
    }
    return {
      server,
      entrants: {
        upload: [storing(smallUploads(portion))],
        uploadLarge: [storing(largeUpload(largeMebibytes))],
      },
    }
  },
}
