import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Request } from 'autocannon'
import { freePort } from '../../support/process.ts'
import { allRight } from '../measure.ts'
import { startServer } from '../processes.ts'
import { requests } from './entrants.ts'
import { type Peer, program } from './peer.ts'

const count = 3_000
const service = 'conference.localhost'

/** Where Debian has ejabberd: in a folder named after the machine. */
const librariesOf = (folder: string): string =>
  readdirSync(folder)
    .filter(name => name.endsWith('-linux-gnu'))
    .map(name => join(folder, name))
    .join(':')

const configuration = (port: number): string => `
hosts: [localhost]
loglevel: info
listen:
  - port: ${port}
    ip: "127.0.0.1"
    module: ejabberd_http
    backlog: 1024
    request_handlers:
      /api: mod_http_api
api_permissions:
  benchmark:
    from: [mod_http_api]
    who: {ip: 127.0.0.1/8}
    what: "*"
modules:
  mod_muc:
    db_type: mnesia
  mod_muc_admin: {}
`

/**
 * ejabberd's group chats, over its HTTP API: rooms that persist, in mnesia, which answers before its log is
 * synced. The API takes a caller from this machine for an administrator, so no token is checked.
 */
export const ejabberd: Peer = {
  name: 'ejabberd',
  install: 'apt-get install ejabberd',
  isInstalled: () => program('ejabberdctl') !== undefined && program('erl') !== undefined,
  async start({ load, folder, groups, membersOfEach, portion }) {
    mkdirSync(folder, { recursive: true })
    const port = await freePort()
    writeFileSync(join(folder, 'ejabberd.yml'), configuration(port))
    const server = await startServer(
      // As ejabberdctl does, but for a distributed node, whose daemon would go on when ejabberd ends.
      [
        program('erl') ?? '',
        ...['+K', 'true', '+P', '250000', '-noinput'],
        ...['-mnesia', 'dir', `"${join(folder, 'mnesia')}"`, '-s', 'ejabberd'],
      ],
      {
        HOME: folder,
        ERL_LIBS: librariesOf('/usr/lib'),
        EJABBERD_CONFIG_PATH: join(folder, 'ejabberd.yml'),
        EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'),
      },
      { url: `http://127.0.0.1:${port}`, log: join(folder, 'log') },
    )
    const request = (command: string, body: unknown): Request => ({
      method: 'POST',
      path: `/api/${command}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const room = (n: number) => ({ name: `group${n % groups}`, service })
    const send = async (list: readonly Request[]) => {
      const count = list.length
      const loaded = await load.run({ url: server.url, requests: list, answer: '0', count, connections: 8 })
      allRight(loaded, 'ejabberd: making rooms')
    }
    const adding = (n: number, user: string) =>
      request('set_room_affiliation', { ...room(n), jid: `${user}@localhost`, affiliation: 'member' })
    await send(
      Array.from({ length: groups }, (_, n) =>
        request('create_room_with_opts', {
          ...room(n),
          host: 'localhost',
          options: [
            { name: 'persistent', value: 'true' },
            { name: 'title', value: `Group ${n}` },
          ],
        }),
      ),
    )
    await send(Array.from({ length: groups * membersOfEach }, (_, n) => adding(n, `member${n}`)))
    const reading = (command: string, answer: string) =>
      requests(ejabberd.name, server, load, {
        count: count * portion,
        answer,
        request: n => request(command, room(n)),
      })
    return {
      server,
      entrants: {
        info: [reading('get_room_options', '{"title":"Group')],
        page: [reading('get_room_affiliations', '[{')],
        add: [
          requests(ejabberd.name, server, load, {
            count: (count / 3) * portion,
            answer: '0',
            request: n => adding(n, `stranger${n}`),
          }),
        ],
      },
    }
  },
}
