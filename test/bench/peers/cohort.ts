import { join } from 'node:path'
import { call, headersOf } from '../api.ts'
import { type Bench as Measuring, type Subject, send } from '../measure.ts'
import { check, type Prepared, prepare, startService, upload as uploadToService } from '../node.ts'
import type { Entrant } from '../side-by-side.ts'
import type { WorkName } from '../work.ts'
import { pieces } from './entrants.ts'
import type { Bench, Started } from './peer.ts'
import { largeUpload, smallDownloads, smallUploads, thumbnails, type UploadSize } from './sizes.ts'
import { download, upload } from './transfer.ts'

const connections = 32
const name = 'Cohort'

interface Slot {
  readonly upload_url: string
  readonly download_url: string
}

/** An upload URL of this user for a file to the group that all are in. */
const slotOf = ({ server, world }: Subject, user: number, file_type: number): Promise<Slot> => {
  const to = `file_type=${file_type}&to_type=2&to_id=${world.middle.group_id}`
  return call<Slot>(server.url, world, user, `/file/upload/chat?${to}`)
}

export interface Cohort extends Started {
  readonly subject: Subject
  /** Download URLs of pictures that nobody has asked for yet, none of them twice. */
  freshThumbnails(count: number): Promise<string[]>
  /** Stops it and checks its database; throws unless all is well. */
  end(): Promise<void>
}

/** The service on Node, with its log on and every write on disk. */
export async function startCohort(command: readonly string[], bench: Bench): Promise<Cohort> {
  const { load, folder, largeMebibytes, pictures, portion } = bench
  const prepared: Prepared = await prepare(command, join(folder, 'data'), {
    middle: 2_000,
    large: 2_000,
    crowd: 0,
  })
  const server = await startService(command, prepared.folder)
  const world = await uploadToService({ server, world: prepared.world }, join(folder, 'answers'))
  const subject: Subject = { server, world }
  const measuring: Measuring = {
    load,
    subjects: new Map([['service', subject]]),
    rounds: 0,
    portion,
    warmUp: 0,
  }
  const working = (work: WorkName): Entrant => ({
    name,
    round: part => send(measuring, { server: 'service', path: '', work, connections }, part),
  })

  const large = await slotOf(subject, 1, 100)
  await upload({ method: 'PUT', url: large.upload_url, bytes: largeMebibytes * 1024 * 1024 })
  const headers = await headersOf(world, 1)
  const storing = ({ bytes, count, atOnce }: UploadSize): Entrant =>
    pieces(name, server, {
      count,
      atOnce,
      unitsOfEach: bytes / 1e6,
      // As tus does, it asks for a place first.
      async once(n) {
        const { upload_url } = await slotOf(subject, 1 + (n % world.callers), 100)
        await upload({ method: 'PUT', url: upload_url, bytes })
      },
    })

  let sent = 0
  const freshThumbnails = async (count: number): Promise<string[]> => {
    const urls: string[] = []
    for (let i = 0; i < count; i++) {
      const { upload_url, download_url } = await slotOf(subject, 1, 102)
      const stored = await fetch(upload_url, { method: 'PUT', body: pictures.picture(sent++) })
      if (!stored.ok) throw new Error(`a picture was not stored: ${await stored.text()}`)
      urls.push(`${download_url}&image_type=2&w=200&h=150`)
    }
    return urls
  }
  const making = (atOnce: number): Entrant => {
    const size = thumbnails(portion)
    return {
      name,
      async round(part) {
        const count = Math.max(1, Math.round(size * part))
        const urls = await freshThumbnails(count)
        const once = (n: number) => download(urls[n] ?? '', headers)
        return pieces(name, server, { count, atOnce, unitsOfEach: 1, once }).round(1)
      },
    }
  }

  return {
    server,
    subject,
    freshThumbnails,
    entrants: {
      info: [working('info')],
      page: [working('smallPage')],
      add: [working('invite')],
      download: [
        pieces(name, server, {
          ...smallDownloads(portion),
          unitsOfEach: 1,
          once: () => download(server.url + world.download, headers),
        }),
      ],
      downloadLarge: [
        pieces(name, server, {
          count: 2,
          atOnce: 1,
          unitsOfEach: (largeMebibytes * 1024 * 1024) / 1e6,
          once: () => download(large.download_url, headers),
        }),
      ],
      upload: [storing(smallUploads(portion))],
      uploadLarge: [storing(largeUpload(largeMebibytes))],
      thumbnail: [making(1)],
      thumbnails: [making(4)],
    },
    async end() {
      await server.stop()
      await check(command, prepared.folder)
    },
  }
}
