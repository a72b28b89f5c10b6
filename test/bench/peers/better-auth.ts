import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../support/process.ts'
import { startServer } from '../processes.ts'
import { requests } from './entrants.ts'
import { hasPackage, installPackages, type Peer, packagedServer } from './peer.ts'

/** What its server wrote down. */
type Groups = readonly { readonly id: string; readonly cookie: string }[]

const count = 600

/** better-auth's organizations: with SQLite, every commit synced, as Cohort has it. */
export const betterAuth: Peer = {
  name: 'better-auth',
  install: installPackages,
  isInstalled: () => hasPackage('better-auth'),
  async start({ load, folder, groups: groupCount, membersOfEach, portion }) {
    mkdirSync(folder, { recursive: true })
    const port = await freePort()
    const world = join(folder, 'world.json')
    const server = await startServer(
      packagedServer('better-auth'),
      {
        PORT: String(port),
        DATABASE: join(folder, 'better-auth.db'),
        WORLD: world,
        GROUPS: String(groupCount),
        MEMBERS: String(membersOfEach),
        STRANGERS: String(count * 20),
        NODE_ENV: 'production',
      },
      { url: `http://127.0.0.1:${port}`, ready: 'ready', log: join(folder, 'log') },
    )
    const groups = JSON.parse(readFileSync(world, 'utf8')) as Groups
    const groupOf = (n: number) => groups[n % groups.length] as Groups[number]
    const reading = (path: string, answer: string) =>
      requests(betterAuth.name, server, load, {
        count: count * portion,
        answer,
        request(n) {
          const { id, cookie } = groupOf(n)
          return {
            method: 'GET',
            path: `/api/auth/organization/${path}&organizationId=${id}`,
            headers: { cookie },
          }
        },
      })
    return {
      server,
      entrants: {
        info: [reading('get-full-organization?membersLimit=1', '{"name":"Group')],
        page: [reading('list-members?limit=100', '{"members":[{')],
        add: [
          requests(betterAuth.name, server, load, {
            count: count * portion,
            answer: '{',
            request(n) {
              const { id, cookie } = groupOf(n)
              return {
                method: 'POST',
                path: '/add-member',
                headers: { cookie, 'content-type': 'application/json' },
                body: JSON.stringify({ organizationId: id, userId: `stranger-${n}` }),
              }
            },
          }),
        ],
      },
    }
  },
}
