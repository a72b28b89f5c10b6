import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../support/process.ts'
import { startServer } from '../processes.ts'
import { pieces } from './entrants.ts'
import { hasPackage, installPackages, type Peer, packagedServer } from './peer.ts'
import { thumbnails } from './sizes.ts'
import { download } from './transfer.ts'

/** ipx makes thumbnails, with sharp too. It makes one again each time it is asked for, and keeps none. */
export const ipx: Peer = {
  name: 'ipx',
  install: installPackages,
  isInstalled: () => hasPackage('ipx'),
  async start({ folder, pictures, portion }) {
    const files = join(folder, 'files')
    mkdirSync(files, { recursive: true })
    for (let n = 0; n < pictures.count; n++) writeFileSync(join(files, `${n}.jpg`), pictures.picture(n))
    const port = await freePort()
    const server = await startServer(
      packagedServer('ipx'),
      { PORT: String(port), FOLDER: files, NODE_ENV: 'production' },
      { url: `http://127.0.0.1:${port}`, ready: 'ready', log: join(folder, 'log') },
    )
    const making = (atOnce: number) =>
      pieces(ipx.name, server, {
        count: thumbnails(portion),
        atOnce,
        unitsOfEach: 1,
        once: n => download(`${server.url}/s_200x150,fit_inside,f_jpeg,q_80/${n % pictures.count}.jpg`),
      })
    return { server, entrants: { thumbnail: [making(1)], thumbnails: [making(4)] } }
  },
}
