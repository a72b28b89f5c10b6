import type { Contest, ContestTarget } from '../side-by-side.ts'
import type { Started, Work } from './peer.ts'

interface Title {
  readonly work: Work
  readonly name: string
  readonly unit: Contest['unit']
  readonly targets: readonly ContestTarget[]
}

const contests = (largeMebibytes: number): readonly Title[] => [
  { work: 'info', name: 'info', unit: 'request', targets: [] },
  { work: 'page', name: 'page of 100 members', unit: 'request', targets: [] },
  { work: 'add', name: 'add one member', unit: 'request', targets: [] },
  { work: 'download', name: 'download of 100 kB', unit: 'request', targets: [] },
  {
    work: 'downloadLarge',
    name: `download of ${largeMebibytes} MiB`,
    unit: 'MB',
    targets: [{ to: 'nginx', speedAtLeast: 0.6 }],
  },
  { work: 'upload', name: 'upload of 8 MB, 4 at once', unit: 'MB', targets: [] },
  { work: 'uploadLarge', name: `upload of ${largeMebibytes} MiB`, unit: 'MB', targets: [] },
  {
    work: 'thumbnail',
    name: 'first thumbnail of 12 MP',
    unit: 'picture',
    targets: [{ to: 'ipx', speedAtLeast: 1 }],
  },
  {
    work: 'thumbnails',
    name: 'first thumbnail of 12 MP, 4 at once',
    unit: 'picture',
    targets: [{ to: 'ipx', speedAtLeast: 1 }],
  },
]

/** What Cohort and the peers that were started do alike. */
export function contestsOf(cohort: Started, peers: readonly Started[], largeMebibytes: number): Contest[] {
  return contests(largeMebibytes).flatMap(({ work, ...title }) => {
    const [subject] = cohort.entrants[work] ?? []
    const against = peers.flatMap(peer => peer.entrants[work] ?? [])
    return subject === undefined || against.length === 0 ? [] : [{ ...title, subject, against }]
  })
}
