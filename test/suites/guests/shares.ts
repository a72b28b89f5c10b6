import { connect } from 'node:net'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { besideAttack } from '../../support/bystander.ts'
import { lacking } from '../../support/capabilities.ts'
import type { Client } from '../../support/client.ts'
import { newUsers } from '../../support/client.ts'
import { newTenants, read, sendFile, toUser } from '../../support/files.ts'
import { jpeg, mp4 } from '../../support/fixtures.ts'
import { dataOf, newGroup, people, type Tenant } from '../../support/groups.ts'
import { bytesOf } from '../../support/pictures.ts'
import { headOf } from '../../support/raw-http.ts'
import type { Suite } from '../all.ts'
import { conversions } from '../files/pictures.ts'

/** Whoever does the most it may waits behind itself: others hardly feel it. */
export const fairShares: Suite = (instance, _pace, target) => {
  let tenants = 0
  const newTenant = async (): Promise<Tenant> =>
    (await newTenants(instance(), `shares${++tenants}`, { app: { rate_user_per_second: 0 } })).app

  const oneProcess = lacking(target, 'one process') === undefined

  it.runIf(oneProcess)('changes of very many users beside a change of one', async () => {
    const [crowd, other] = [await newTenant(), await newTenant()]
    const { owner } = await people(instance(), ['owner'], other)
    const group_id = await newGroup(owner)
    const attackers = await Promise.all(Array.from({ length: 8 }, () => people(instance(), ['user'], crowd)))
    const groups = await Promise.all(attackers.map(({ user }) => newGroup(user)))
    const rounds = 4
    let i = 0
    await besideAttack(
      instance(),
      async () => dataOf(await owner.post('/group/display_name', { group_id, value: `Name ${i++}` })),
      () =>
        Promise.all(
          attackers.map(async ({ user }, at) => {
            for (let round = 0; round < rounds; round++) {
              const user_list = newUsers(300)
              dataOf(await user.post('/group/invite', { group_id: groups[at], user_list }))
            }
          }),
        ),
    )
  })

  it.runIf(oneProcess)('readers who do not read', async () => {
    const { owner, other } = await people(instance(), ['owner', 'other'])
    const [group_id, own] = [await newGroup(owner), await newGroup(other)]
    for (let n = 0; n < 24; n++)
      dataOf(
        await owner.post('/group/announcement/edit', {
          group_id,
          title: String(n),
          content: '\u0001'.repeat(8192),
        }),
      )
    const url = new URL(`/group/announcement/list?group_id=${group_id}`, instance().url)
    const answer = await fetch(url, { headers: owner.headers })
    expect((await answer.arrayBuffer()).byteLength).toBeLessThan(1024 * 1024)
    const head = headOf('GET', url.href, { ...owner.headers })
    const sockets = Array.from({ length: 60 }, () => {
      const socket = connect(Number(url.port), url.hostname)
      // Nothing listens for its data: what the system does not hold stays with the service.
      socket.on('error', () => {})
      return socket
    })
    await besideAttack(
      instance(),
      async () => dataOf(await other.get('/group/info', { group_id: own })),
      async () => {
        for (const socket of sockets) socket.write(head)
        await new Promise(resolve => setTimeout(resolve, 500))
      },
    )
    for (const socket of sockets) socket.destroy()
    // Who has gone holds nothing any more.
    let again = await owner.get('/group/announcement/list', { group_id })
    while (again.status === 429) again = await owner.get('/group/announcement/list', { group_id })
    dataOf(again)
  })

  it('large answers at once, some of which nobody waits for: everybody gets its own', async () => {
    const readers = Object.values(await people(instance(), ['first', 'second', 'third']))
    const lists = await Promise.all(
      readers.map(async (client, at) => {
        const group_id = await newGroup(client)
        const content = `${'aäא'[at]}`.repeat(8000)
        for (let n = 0; n < 8; n++)
          dataOf(await client.post('/group/announcement/edit', { group_id, title: String(n), content }))
        const url = `${instance().url}/group/announcement/list?group_id=${group_id}`
        const read = (signal?: AbortSignal) =>
          fetch(url, { headers: client.headers, ...(signal && { signal }) })
        return { read, whole: await (await read()).text() }
      }),
    )
    const gone = async (read: (signal?: AbortSignal) => Promise<Response>) => {
      const leaving = new AbortController()
      await read(leaving.signal)
      leaving.abort()
    }
    for (let round = 0; round < 8; round++)
      await Promise.all(
        lists.flatMap(({ read, whole }) => [
          gone(read),
          ...[1, 2].map(async () => {
            const answer = await read()
            expect(answer.status).toBe(200)
            expect((await answer.text()) === whole).toBe(true)
          }),
        ]),
      )
  })

  describe.runIf(lacking(target, 'conversions in line') === undefined)('conversions', () => {
    const picture = () =>
      bytesOf(
        sharp({
          create: {
            width: 2400,
            height: 1800,
            channels: 3,
            background: 'white',
            noise: { type: 'gaussian', mean: 128, sigma: 60 },
          },
        }).jpeg({ quality: 92 }),
      )
    const thumbnail = (client: Client, url: string, w: number, signal?: AbortSignal) =>
      fetch(`${url}&image_type=2&w=${w}&h=4096`, { headers: client.headers, ...(signal && { signal }) })

    it('of one user beside those of another app', async () => {
      const [crowd, other] = [await newTenant(), await newTenant()]
      const { attacker } = await people(instance(), ['attacker'], crowd)
      const { owner } = await people(instance(), ['owner'], other)
      const large = await sendFile(attacker, { ...toUser(attacker), file_type: 102 }, await picture())
      const small = await sendFile(owner, { ...toUser(owner), file_type: 102 }, await jpeg(300, 200))
      let w = 20
      await besideAttack(
        instance(),
        async () => expect((await read(owner, small, { query: { image_type: 2, w: w++ } })).status).toBe(200),
        async () => {
          const answers = await Promise.all(
            Array.from({ length: 40 }, (_, i) => thumbnail(attacker, large, 1000 + i)),
          )
          expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
          for (const answer of answers) await answer.arrayBuffer()
        },
      )
    })

    it.runIf(lacking(target, 'covers of videos') === undefined)(
      'of videos of one user beside those of another app',
      async () => {
        const video = await mp4()
        if (video === undefined) throw new Error('there is an ffmpeg, and no video')
        const [crowd, other] = [await newTenant(), await newTenant()]
        const { attacker } = await people(instance(), ['attacker'], crowd)
        const { owner } = await people(instance(), ['owner'], other)
        const [theirs, own] = await Promise.all(
          [attacker, owner].map(user => sendFile(user, { ...toUser(user), file_type: 103 }, video)),
        )
        let w = 20
        await besideAttack(
          instance(),
          async () =>
            expect((await read(owner, own ?? '', { query: { image_type: 3, w: w++ } })).status).toBe(200),
          () =>
            Promise.all(
              Array.from({ length: 10 }, async (_, i) => {
                const query = { image_type: 3, w: 20 + i }
                expect((await read(attacker, theirs ?? '', { query })).status).toBe(200)
              }),
            ),
        )
      },
    )

    it('leave the line with whoever asked for them', async () => {
      const { attacker, owner } = await people(instance(), ['attacker', 'owner'], await newTenant())
      const large = await sendFile(attacker, { ...toUser(attacker), file_type: 102 }, await picture())
      const small = await sendFile(owner, { ...toUser(owner), file_type: 102 }, await jpeg(300, 200))
      const before = await conversions(instance())
      const hangUp = new AbortController()
      const asked = Array.from({ length: 60 }, (_, i) =>
        thumbnail(attacker, large, 1000 + i, hangUp.signal).catch(() => undefined),
      )
      expect((await read(owner, small, { query: { image_type: 2, w: 21 } })).status).toBe(200)
      hangUp.abort()
      await Promise.all(asked)
      expect((await read(owner, small, { query: { image_type: 2, w: 22 } })).status).toBe(200)
      expect((await read(attacker, small, { query: { image_type: 2, w: 23 } })).status).toBe(403)
      const last = await sendFile(attacker, { ...toUser(attacker), file_type: 102 }, await jpeg(300, 200))
      // Behind all that the attacker had in line.
      expect((await thumbnail(attacker, last, 24)).status).toBe(200)
      expect((await conversions(instance())) - before).toBeLessThan(40)
    })
  })
}
