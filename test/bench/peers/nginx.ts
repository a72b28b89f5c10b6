import { mkdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../support/process.ts'
import { startServer } from '../processes.ts'
import type { Entrant } from '../side-by-side.ts'
import { pieces } from './entrants.ts'
import { type Peer, program } from './peer.ts'
import { largeUpload, smallDownloads, smallUploads, type UploadSize, writeLarge } from './sizes.ts'
import { download, upload } from './transfer.ts'

/**
 * As Debian has it, with sendfile and its log on, but one process: no worker is left behind if the benchmark
 * is killed. A DAV upload is renamed into its place and not synced.
 */
const configuration = (folder: string, port: number): string => `
${process.getuid?.() === 0 ? 'user root;' : ''}
master_process off;
daemon off;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log ${folder}/access.log;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  client_max_body_size 0;
  client_body_temp_path ${folder}/tmp;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port};
    root ${folder}/files;
    location /uploads/ { dav_methods PUT; }
  }
}
`

/** nginx sends files, and takes them with its DAV module. It asks nobody who may. */
export const nginx: Peer = {
  name: 'nginx',
  install: 'apt-get install nginx-light',
  isInstalled: () => program('nginx') !== undefined,
  async start({ folder, small, largeMebibytes, portion }) {
    const files = join(folder, 'files')
    mkdirSync(join(files, 'uploads'), { recursive: true })
    writeFileSync(join(files, 'small'), small)
    writeLarge(join(files, 'large'), largeMebibytes)
    const port = await freePort()
    writeFileSync(join(folder, 'conf'), configuration(folder, port))
    const server = await startServer(
      [program('nginx') ?? '', '-p', folder, '-c', join(folder, 'conf')],
      {},
      { url: `http://127.0.0.1:${port}`, log: join(folder, 'log') },
    )
    const { name } = nginx
    const storing = (size: UploadSize, synced: boolean): Entrant => {
      const place = (n: number) => `/uploads/${size.bytes}-${synced}-${n}`
      return pieces(synced ? `${name} DAV, then synced` : `${name} DAV`, server, {
        ...size,
        unitsOfEach: size.bytes / 1e6,
        async once(n) {
          await upload({ method: 'PUT', url: server.url + place(n), bytes: size.bytes })
          if (synced) await sync(files + place(n))
        },
        clear: n => unlinkSync(files + place(n)),
      })
    }
    return {
      server,
      entrants: {
        download: [
          pieces(name, server, {
            ...smallDownloads(portion),
            unitsOfEach: 1,
            once: () => download(`${server.url}/small`),
          }),
        ],
        downloadLarge: [
          pieces(name, server, {
            count: 2,
            atOnce: 1,
            unitsOfEach: (largeMebibytes * 1024 * 1024) / 1e6,
            once: () => download(`${server.url}/large`),
          }),
        ],
        upload: [false, true].map(synced => storing(smallUploads(portion), synced)),
        uploadLarge: [false, true].map(synced => storing(largeUpload(largeMebibytes), synced)),
      },
    }
  },
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r')
  await file.sync()
  await file.close()
}
