import { expect, it } from 'vitest'
import { Client, callers } from '../support/client.ts'
import { bytesOf, filesWith, rowsWith } from '../support/erased.ts'
import { administratorOf, eventsAfter, FrameReader, headOf } from '../support/events.ts'
import { avatarOf, placeFor, read, sendFile, toGroup, toUser } from '../support/files.ts'
import { png, someBytes } from '../support/fixtures.ts'
import {
  addAdmins,
  dataOf,
  expectRefusal,
  infoOf,
  memberIds,
  newGroup,
  people,
  qrOf,
  type User,
} from '../support/groups.ts'
import { personal } from '../support/personal.ts'
import type { Instance } from '../support/target.ts'
import type { Suite } from './all.ts'

/** An id that takes eight bytes wherever it is stored, so that a search for its bytes finds nothing else. */
let lastLargeId = 7_654_321_000_000_000
const largeIds = (count: number) => Array.from({ length: count }, () => (lastLargeId += 1_234_567_891))

async function withId(instance: Instance, id: number): Promise<User> {
  return Object.assign(await callers(instance).as(id), { id })
}

/** Waits until the user is erased. Where jobs run only by a cron trigger, pulls it. */
async function erased(instance: Instance, user_id: number): Promise<void> {
  const admin = await administratorOf(instance)
  for (let n = 0; ; n++) {
    const { state } = dataOf(await admin.get('/user/erasure', { user_id }))
    if (state === 'done') return
    if (n === 300) throw new Error(`the erasure is ${state}`)
    await instance.cron?.()
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

/** A user who has left something of everything, under texts that are found nowhere else. */
async function traceful(instance: Instance) {
  const [person, friend] = await Promise.all(largeIds(2).map(id => withId(instance, id)))
  if (person === undefined || friend === undefined) throw new Error('two ids make two users')
  const mark = `quince-${person.id.toString(36)}`
  const bytes = someBytes(3000, person.id % 1_000_003)
  const { owner, heir, member, doubter } = await people(instance, ['owner', 'heir', 'member', 'doubter'])
  dataOf(await doubter.post('/user/settings', { group_confirm: true }))

  // Its own groups: one that somebody gets, and one that nobody gets.
  const inherited = await newGroup(person, { name: `${mark} a`, user_list: [member.id, heir.id] })
  await addAdmins(person, inherited, [heir])
  dataOf(await person.post('/group/info/description', { group_id: inherited, value: `${mark} b` }))
  dataOf(await person.post('/group/info/description', { group_id: inherited, value: 'plain' }))
  dataOf(await heir.post('/group/info/name', { group_id: inherited, value: 'plain' }))
  const lonely = await newGroup(person, { name: `${mark} c`, description: `${mark} d` })

  // A group of somebody else, in which it is an admin.
  const group_id = await newGroup(owner, { name: 'Ours', user_list: [person.id, member.id] })
  await addAdmins(owner, group_id, [person])
  dataOf(await person.post('/group/display_name', { group_id, value: `${mark} e` }))
  dataOf(await person.post('/group/info/name', { group_id, value: `${mark} f` }))
  dataOf(await owner.post('/group/info/name', { group_id, value: 'Ours' }))
  dataOf(await person.post('/group/msg/mute_mode', { group_id, msg_mute_mode: 1 }))
  const keyed = new Client(instance, { ...person.headers, 'idempotency-key': mark.toUpperCase() })
  dataOf(
    await keyed.post('/group/announcement/edit', {
      group_id,
      title: `${mark} g`,
      content: `${mark} h`.repeat(400),
    }),
  )
  const shared = { group_id, name: `${mark} i.txt`, size: 3, url: 'https://example.org/i.txt' }
  const { file_id } = dataOf(await person.post('/group/file/upload', shared))
  dataOf(await owner.post('/group/file/update_name', { group_id, file_id, name: 'plain.txt' }))
  dataOf(await person.post('/group/invite', { group_id, user_list: [doubter.id], reason: `${mark} j` }))

  // Groups that it is not in.
  const asked = await newGroup(owner, { name: 'Asked' })
  dataOf(await person.post('/group/apply', { group_id: asked, reason: `${mark} k` }))
  const left = await newGroup(owner, { name: 'Left', user_list: [person.id] })
  dataOf(await owner.post('/group/ban', { group_id: left, user_list: [person.id], duration: 60 }))
  dataOf(await person.post('/group/leave', { group_id: left }))
  const blocked = await newGroup(owner, { name: 'Blocked', user_list: [person.id] })
  dataOf(await owner.post('/group/block', { group_id: blocked, user_list: [person.id] }))
  const kickedFrom = await newGroup(owner, { name: 'Kicked', user_list: [person.id] })
  dataOf(await owner.post('/group/kick', { group_id: kickedFrom, user_list: [person.id] }))
  dataOf(await person.post('/user/settings', { group_confirm: true, note: `${mark} l` }))
  const invited = await newGroup(owner, { name: 'Invited', user_list: [person.id] })

  // Files: sent to a user and to a group, an avatar, and one that it was sent.
  const sent = await sendFile(person, toUser(friend), bytes)
  const place = await placeFor(person, toGroup(group_id))
  const form = new FormData()
  form.append('file', new Blob([bytes]), `${mark} m.bin`)
  expect((await fetch(place.upload_url, { method: 'POST', body: form })).status).toBe(200)
  const sentToGroup = place.download_url
  dataOf(
    await person.post('/group/file/upload', {
      group_id,
      name: `${mark} m.bin`,
      size: bytes.length,
      url: sentToGroup,
    }),
  )
  dataOf(await person.post('/group/qrcode/revoke', { group_id, user_id: person.id }))
  const picture = await png(60, 60 + (person.id % 997))
  const avatar = await avatarOf(person, picture)
  dataOf(await heir.post('/group/info/avatar', { group_id: inherited, value: avatar }))
  const got = await sendFile(friend, toUser(person), someBytes(50))
  return {
    person,
    friend,
    mark,
    bytes,
    picture,
    owner,
    heir,
    member,
    doubter,
    groups: { inherited, lonely, group_id, asked, left, blocked, invited },
    files: { sent, sentToGroup, avatar, got },
  }
}

/** Erasing users (docs/privacy.md). */
export const erasureSuite: Suite = (instance, _, target) => {
  it('says what would go and what would change hands, and changes nothing', async () => {
    const { person, groups, heir, mark } = await traceful(instance())
    const admin = await administratorOf(instance())
    const head = await headOf(admin)
    const ask = { user_id: person.id, owned: 'transfer', dry_run: true }
    const said = dataOf(await admin.post('/user/erase', ask))
    expect(said).toMatchObject({
      user_id: person.id,
      dry_run: true,
      state: 'none',
      owned_groups: 2,
      memberships: 3,
      applications: 1,
      invitations: 1,
      invitations_sent: 1,
      blacklisted: 1,
      bans: 1,
      announcements: 1,
      shared_files: 2,
      files: 3,
    })
    expect(said.bytes).toBeGreaterThan(6000)
    expect(said.groups).toEqual([
      { group_id: groups.inherited, name: 'plain', new_owner: heir.id },
      { group_id: groups.lonely, name: `${mark} c`, new_owner: 0 },
    ])
    expect(dataOf(await admin.post('/user/erase', { ...ask, owned: 'dissolve' })).groups[0].new_owner).toBe(0)
    expectRefusal(await admin.post('/user/erase', { user_id: person.id }), 20004, 'owned=transfer')
    expect(await eventsAfter(admin, head)).toEqual([])
    expect(dataOf(await admin.get('/user/erasure', { user_id: person.id }))).toEqual({
      user_id: person.id,
      state: 'none',
      erased_at: 0,
      finished_at: 0,
    })
    expect(await infoOf(person, groups.inherited)).toMatchObject({ owner_id: person.id })
  })

  it('erases everything of a user, and members, feed and sync hear of it', async () => {
    const story = await traceful(instance())
    const { person, friend, owner, heir, member, doubter, groups, files, mark, bytes, picture } = story
    const admin = await administratorOf(instance())
    const texts = [mark, mark.toUpperCase(), String(person.id)]
    const places = new Set(rowsWith(instance().data, target, texts))
    expect(Object.keys(personal).filter(place => !places.has(place))).toEqual([])
    const before = await headOf(admin)
    // Somebody follows the events, so that this process remembers them.
    const stream = await FrameReader.open(admin, '/events/stream')
    const { state } = dataOf(await heir.get('/group/sync', { group_id: groups.inherited }))
    const asked = dataOf(await admin.post('/user/erase', { user_id: person.id, owned: 'transfer' }))
    expect(asked).toMatchObject({ dry_run: false, state: 'running', owned_groups: 2 })
    await erased(instance(), person.id)

    // Groups: somebody else owns them, or nobody.
    expect(await infoOf(heir, groups.inherited)).toMatchObject({ owner_id: heir.id, count: 2, avatar: '' })
    expect((await memberIds(heir, groups.inherited)).sort()).toEqual([heir.id, member.id].sort())
    expectRefusal(await person.get('/group/info', { group_id: groups.lonely }), 20001)
    expect((await memberIds(owner, groups.group_id)).sort()).toEqual([owner.id, member.id].sort())
    expect(dataOf(await owner.get('/group/announcement/list', { group_id: groups.group_id }))).toEqual([])
    expect(dataOf(await owner.get('/group/file/list', { group_id: groups.group_id }))).toEqual([])
    expect(dataOf(await owner.post('/group/application_list', { group_list: [groups.asked] }))).toEqual([])
    expect(dataOf(await owner.get('/group/blocked_list', { group_id: groups.blocked }))).toEqual([])
    expect(dataOf(await doubter.get('/group/invitation_list'))).toEqual([])

    // Whoever follows the groups is told.
    const told = await eventsAfter(admin, before)
    const kindsIn = (group_id: number) =>
      told.filter(event => event.group_id === group_id).map(({ kind }) => kind)
    expect(kindsIn(groups.inherited)).toEqual([
      'group.profile.changed',
      'group.owner.assigned',
      'group.member.left',
    ])
    expect(kindsIn(groups.lonely)).toEqual(['group.destroyed'])
    expect(kindsIn(groups.group_id).sort()).toEqual(
      ['group.announcement.deleted', 'group.file.deleted', 'group.member.left'].sort(),
    )
    expect(kindsIn(groups.asked)).toEqual(['group.application.declined'])
    expect(kindsIn(groups.left)).toEqual(['group.member.unbanned'])
    expect(kindsIn(groups.blocked)).toEqual(['group.blacklist.removed'])
    expect(kindsIn(groups.invited)).toEqual(['group.invitation.declined'])
    expect(told.find(({ kind }) => kind === 'group.member.left')?.notice).toMatchObject({
      type: 6,
      from: person.id,
    })
    expect(told.map(({ kind }) => kind)).toContain('user.erasure.requested')
    expect(told.at(-1)).toMatchObject({ kind: 'user.erased', users: [person.id], by_id: null })
    const synced = dataOf(await heir.get('/group/sync', { group_id: groups.inherited, since: state }))
    expect(synced.reset || synced.removed.includes(person.id)).toBe(true)

    expect(JSON.stringify(await eventsAfter(admin, 'earliest'))).not.toContain(mark)
    stream.close()

    // Files: bytes that it stored are gone; what others sent it is theirs.
    for (const url of [files.sent, files.sentToGroup, files.avatar])
      expect((await read(friend, url)).status).not.toBe(200)
    expect((await read(friend, files.got)).status).toBe(200)

    // Nothing is left but ids among the subjects of events, and the ledger.
    const found = rowsWith(instance().data, target, texts)
    expect(new Set(found)).toEqual(new Set(['events.subjects', 'erased_users.user_id']))
    if (target !== 'worker') {
      const subjects = found.filter(place => place === 'events.subjects').length
      expect(filesWith(instance().data, bytesOf(mark))).toEqual({})
      expect(filesWith(instance().data, Buffer.from(bytes.subarray(100, 200)))).toEqual({})
      expect(filesWith(instance().data, Buffer.from(picture))).toEqual({})
      // The ledger: its row, and until the log is copied the entry of an index over what is under way.
      const {
        'cohort.db-wal': _,
        'cohort.db': times = 0,
        ...elsewhere
      } = filesWith(instance().data, bytesOf(person.id))
      expect(elsewhere).toEqual({})
      expect(times).toBeLessThanOrEqual(2)
      const {
        'cohort.db-wal': __,
        'cohort.db': asText = 0,
        ...others
      } = filesWith(instance().data, bytesOf(String(person.id)))
      expect(others).toEqual({})
      expect(asText).toBeLessThanOrEqual(subjects)
    }
  })
  it('goes on where it was when the process is killed', async () => {
    const [id = 0] = largeIds(1)
    const person = await withId(instance(), id)
    const { owner } = await people(instance(), ['owner'])
    const admin = await administratorOf(instance())
    const groups: number[] = []
    for (let n = 0; n < 30; n++) groups.push(await newGroup(owner, { user_list: [id] }))
    const url = await sendFile(person, toUser(owner), someBytes(500))
    const head = await headOf(admin)
    dataOf(await admin.post('/user/erase', { user_id: id }))
    const left = async () =>
      (await eventsAfter(admin, head)).filter(({ kind }) => kind === 'group.member.left').length
    while ((await left()) === 0) await instance().cron?.()
    await instance().crash()
    await erased(instance(), id)
    expect(await left()).toBe(groups.length)
    expect((await read(owner, url)).status).not.toBe(200)
    const found = rowsWith(instance().data, target, [String(id)])
    expect(new Set(found)).toEqual(new Set(['events.subjects', 'erased_users.user_id']))
  })

  it('dissolves the groups of the user where that is asked for', async () => {
    const { person, heir } = await people(instance(), ['person', 'heir'])
    const admin = await administratorOf(instance())
    const group_id = await newGroup(person, { user_list: [heir.id] })
    dataOf(await admin.post('/user/erase', { user_id: person.id, owned: 'dissolve' }))
    await erased(instance(), person.id)
    expectRefusal(await heir.get('/group/info', { group_id }), 20001)
  })

  it('an id that is used again is another person, who can be erased again', async () => {
    const { person, owner, guest } = await people(instance(), ['person', 'owner', 'guest'])
    const admin = await administratorOf(instance())
    const group_id = await newGroup(owner, { user_list: [person.id] })
    const qr_info = await qrOf(person, group_id)
    dataOf(await person.post('/group/qrcode/revoke', { group_id }))
    dataOf(await owner.post('/group/ban', { group_id, user_list: [person.id], duration: -1 }))
    const first = dataOf(await admin.post('/user/erase', { user_id: person.id }))
    expect(first).toMatchObject({ state: 'running', memberships: 1, bans: 1 })
    await erased(instance(), person.id)
    const { erased_at } = dataOf(await admin.get('/user/erasure', { user_id: person.id }))
    // Neither the ban nor anything else of the one before.
    dataOf(await owner.post('/group/invite', { group_id, user_list: [person.id] }))
    const [member] = dataOf(
      await owner.post('/group/members/display_name', { group_id, user_list: [person.id] }),
    )
    expect(member).toMatchObject({ expired_time: 0, display_name: '' })
    // What was ended stays ended.
    expectRefusal(await guest.post('/group/qrcode/invite', { qr_info }), 20024)
    expect(dataOf(await admin.get('/user/erasures'))).toContainEqual(
      expect.objectContaining({ user_id: person.id, state: 'done', erased_at }),
    )
    dataOf(await admin.post('/user/erase', { user_id: person.id }))
    await erased(instance(), person.id)
    expect(await memberIds(owner, group_id)).toEqual([owner.id])
    const again = dataOf(await admin.get('/user/erasure', { user_id: person.id }))
    expect(again.erased_at).toBeGreaterThan(erased_at)
  })

  it('exports all that is known of a user, and nothing of others', async () => {
    const { person, mark, groups, bytes, owner } = await traceful(instance())
    const admin = await administratorOf(instance())
    const head = await headOf(admin)
    const ask = (query: string, { headers } = admin) =>
      fetch(new URL(`/user/export${query}`, instance().url), { headers })
    // A HEAD exports nothing, and is no event below.
    expect((await admin.call('HEAD', `/user/export?user_id=${person.id}`)).status).toBe(405)
    const response = await ask(`?user_id=${person.id}`)
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    const linesOf = (text: string) =>
      text
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line))
    const lines = linesOf(await response.text())
    const types = new Set(lines.map(({ type }) => type))
    expect([...new Set(Object.values(personal))].filter(type => type !== '' && !types.has(type))).toEqual([])
    expect(lines[0]).toMatchObject({ type: 'export', user_id: person.id })
    expect(lines.at(-1)).toEqual({ type: 'end', lines: lines.length })
    const of = (type: string) => lines.filter(line => line.type === type)
    for (const letter of 'abcdefghijklm')
      expect(JSON.stringify(lines), `${mark} ${letter}`).toContain(`${mark} ${letter}`)
    expect(of('user')).toMatchObject([{ group_confirm: true, other_settings: { note: `${mark} l` } }])
    expect(
      of('membership')
        .map(({ group_id }) => group_id)
        .sort(),
    ).toEqual([groups.inherited, groups.lonely, groups.group_id].sort())
    expect(of('file').map(({ size }) => size)).toContain(bytes.length)
    expect(of('event').every(({ by_id, ip }) => by_id === person.id || ip === undefined)).toBe(true)
    expect(await eventsAfter(admin, head)).toMatchObject([
      { kind: 'user.exported', users: [person.id], acting: 'administrator' },
    ])
    const [nobody = 0] = largeIds(1)
    const none = linesOf(await (await ask(`?user_id=${nobody}`)).text()).map(({ type }) => type)
    expect(none).toEqual(['export', 'event', 'end'])
    for (const bad of ['', '?user_id=x', '?user_id=0', '?user_id=1.5'])
      expect((await ask(bad)).status, bad).toBe(400)
    expect((await ask('?user_id=1', owner)).status).toBe(403)
  })
}
