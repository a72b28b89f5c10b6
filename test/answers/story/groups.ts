import type { Teller } from './teller.ts'

/** The rules of groups (docs/behaviour.md, sections 4 and 5), with the answers that only they give. */
export async function groups(teller: Teller): Promise<void> {
  await texts(teller)
  await joining(teller)
  await applications(teller)
  await invitations(teller)
  await ranks(teller)
  await bans(teller)
  await ended(teller)
  await pages(teller)
  await administrators(teller)
}

async function texts(teller: Teller): Promise<void> {
  const anna = teller.as(10)
  const texts = [
    'Anna\'s "Book" club; 读书 📚',
    '👩‍👩‍👧‍👦',
    '\u202eright to left',
    'a\u0000b',
    '\ud83d',
    'x'.repeat(64),
    'x'.repeat(65),
  ]
  for (const name of texts) {
    const made = await anna.post('/group/create', { name, description: name, avatar: '' })
    if (made !== null) await anna.get('/group/info', { group_id: made.group_id })
  }
  for (const type of [0, 1, 2, 3, '2', 4]) await anna.post('/group/create', { name: 'Of a type', type })
  const { group_id } = await anna.post('/group/create', { name: 'Texts', user_list: [11, 11, 'x', -1, 12] })
  for (const value of [...texts, '', '📚'.repeat(64), '📚'.repeat(65)]) {
    await anna.post('/group/info/name', { group_id, value })
    await anna.post('/group/info/description', { group_id, value })
    await anna.post('/group/info/ext', { group_id, value })
    await anna.post('/group/display_name', { group_id, value })
    await anna.post('/group/announcement/edit', { group_id, title: value, content: value })
  }
  for (const value of [
    'https://example.org/a.png',
    'javascript:alert(1)',
    '//example.org/a.png',
    'https://a:b@example.org/',
    '',
  ])
    await anna.post('/group/info/avatar', { group_id, value })
  for (const url of ['http://example.org/é', 'data:text/html,x', 'ftp://example.org', '/file/x'])
    await anna.post('/group/file/upload', { group_id, name: 'n', size: 1, type: '', url })
  await anna.get('/group/info', { group_id })
  await anna.get('/group/member_list', { group_id })
  await anna.get('/group/announcement/list', { group_id })
  await anna.get('/group/announcement/last', { group_id })
  await anna.get('/group/file/list', { group_id })
}

async function joining(teller: Teller): Promise<void> {
  const owner = teller.as(20)
  const guest = teller.as(21)
  const { group_id } = await owner.post('/group/create', { name: 'Door', user_list: [22] })
  for (const apply_approval of [2, 0]) {
    await owner.post('/group/settings/require_admin_approval', { group_id, apply_approval })
    await guest.post('/group/apply', { group_id })
  }
  await guest.post('/group/apply', { group_id })
  // Three kicks keep out whoever applies, and an admin's invitation lets in.
  for (let i = 0; i < 4; i++) {
    await owner.post('/group/kick', { group_id, user_list: [21, 20, 99] })
    await guest.post('/group/apply', { group_id })
  }
  const { qr_info } = await owner.get('/group/qrcode/sign', { group_id })
  await guest.post('/group/qrcode/invite', { qr_info })
  await teller.as(22).post('/group/invite', { group_id, user_list: [21] })
  await owner.post('/group/invite', { group_id, user_list: [21, 22, 23] })
  await guest.post('/group/qrcode/invite', { qr_info: `${qr_info}x` })
  await guest.post('/group/leave', { group_id })
  await guest.post('/group/leave', { group_id })
  await owner.post('/group/leave', { group_id })
  await guest.post('/group/qrcode/invite', { qr_info })
  await teller.as(24).get('/app/qrcode/group_invite', { qr_info })
  await owner.get('/app/qrcode/group_sign', { group_id })
  await owner.post('/group/settings/allow_member_invitation', { group_id, value: false })
  await guest.get('/group/qrcode/sign', { group_id })
  await guest.post('/group/invite', { group_id, user_list: [25] })
  await owner.post('/group/block', { group_id, user_list: [21, 25, 25] })
  await guest.post('/group/qrcode/invite', { qr_info })
  await guest.post('/group/apply', { group_id })
  await owner.post('/group/invite', { group_id, user_list: [21] })
  await owner.get('/group/blocked_list', { group_id })
  await owner.post('/group/unblock', { group_id, user_list: [21, 26] })
  await guest.post('/group/apply', { group_id })
  await guest.get('/group/user_joined')
  await owner.post('/group/destroy', { group_id })
  await guest.get('/group/info', { group_id })
  await guest.get('/group/user_joined')
}

async function applications(teller: Teller): Promise<void> {
  const owner = teller.as(30)
  const { group_id } = await owner.post('/group/create', { name: 'Applications' })
  for (const [user, reason] of [
    [31, 'First'],
    [32, ''],
    [31, 'Again'],
    [33, 'Third'],
  ] as const)
    await teller.as(user).post('/group/apply', { group_id, reason })
  await owner.post('/group/application_list', { group_list: [group_id, 1], limit: 2 })
  await owner.post('/group/apply/handle', { group_id, user_id: 31, approval: true })
  await owner.post('/group/apply/handle', { group_id, user_id: 31, approval: true })
  await owner.post('/group/apply/handle', { group_id, user_id: 32, approval: 0 })
  await owner.post('/group/apply/handle', { group_id, user_id: 39, approval: 'true' })
  await owner.post('/group/block', { group_id, user_list: [33] })
  await owner.post('/group/apply/handle', { group_id, user_id: 33, approval: true })
  await owner.post('/group/application_list', { group_list: [group_id] })
  await teller.as(31).post('/group/application_list', { group_list: [group_id] })
}

async function invitations(teller: Teller): Promise<void> {
  const owner = teller.as(40)
  const guest = teller.as(41)
  const one = await owner.post('/group/create', { name: 'One' })
  const two = await owner.post('/group/create', { name: 'Two', user_list: [42] })
  await guest.get('/user/settings')
  await guest.call('PUT', '/user/settings', { group_confirm: 1 })
  await guest.get('/user/settings')
  await teller.as(42).post('/group/invite', { group_id: two.group_id, user_list: [41] })
  for (const { group_id } of [one, two, one])
    await owner.post('/group/invite', { group_id, user_list: [41], reason: 'Come' })
  await guest.get('/group/invitation_list', { limit: 2 })
  await guest.call('PUT', '/group/invite/handle', { group_id: two.group_id, user_id: 41, approval: false })
  await guest.post('/group/invite/handle', { group_id: one.group_id, user_id: 40, approval: true })
  await guest.post('/group/invite/handle', { group_id: one.group_id, user_id: 40, approval: true })
  await guest.post('/group/invite/handle', { group_id: two.group_id, user_id: 40, approval: true })
  await guest.get('/group/invitation_list')
  await owner.post('/group/destroy', { group_id: two.group_id })
  await guest.get('/group/invitation_list')
  await guest.get('/group/user_joined')
}

async function ranks(teller: Teller): Promise<void> {
  const [owner, admin, other, member] = [50, 51, 52, 53].map(user => teller.as(user))
  if (!owner || !admin || !other || !member) return
  const { group_id } = await owner.post('/group/create', { name: 'Ranks', user_list: [51, 52, 53, 54] })
  await owner.post('/group/admin/add', { group_id, user_list: [51, 52, 50, 59, 51] })
  await owner.post('/group/admin/add', { group_id, user_list: [51] })
  for (const verb of ['kick', 'block'])
    await admin.post(`/group/${verb}`, { group_id, user_list: [50, 51, 52, 54] })
  await admin.post('/group/ban', { group_id, user_list: [50, 51, 52, 53], duration: 5 })
  await admin.post('/group/unban', { group_id, user_list: [50, 53] })
  await admin.post('/group/admin/add', { group_id, user_list: [53] })
  await admin.post('/group/destroy', { group_id })
  await admin.post('/group/transfer', { group_id, new_owner: 53 })
  await owner.post('/group/admin/remove', { group_id, user_list: [52, 53, 50] })
  for (const new_owner of [50, 59, 51]) await owner.post('/group/transfer', { group_id, new_owner })
  await owner.post('/group/leave', { group_id })
  await member.post('/group/info/name', { group_id, value: 'By a member' })
  await admin.post('/group/settings/allow_member_modify', { group_id, value: '1' })
  await member.post('/group/info/name', { group_id, value: 'By a member' })
  await admin.get('/group/settings', { group_id })
  const former = await admin.post('/group/announcement/edit', { group_id, title: 'S', content: 'B' })
  await admin.post('/group/announcement/delete', { group_id, announcement_id: former.id })
  const { id } = await admin.post('/group/announcement/edit', { group_id, title: 'T', content: 'C' })
  await member.post('/group/announcement/delete', { group_id, announcement_id: id })
  await admin.send({
    method: 'DELETE',
    path: `/group/announcement/delete?group_id=${group_id}&announcement_id=${id}`,
  })
  await admin.post('/group/announcement/delete', { group_id, announcement_id: id })
  await member.get('/group/announcement/last', { group_id })
  await member.get('/group/announcement', { group_id, announcement_id: id })
  const { file_id } = await member.post('/group/file/upload', {
    group_id,
    name: 'a',
    size: 0,
    url: 'https://example.org/a',
  })
  await other.post('/group/file/update_name', { group_id, file_id, name: 'b' })
  await other.post('/group/file/delete', { group_id, file_list: [file_id, 1] })
  await admin.post('/group/file/update_name', { group_id, file_id, name: 'c' })
  await member.get('/group/file', { group_id, file_id })
  await member.post('/group/file/delete', { group_id, file_list: [file_id] })
  await member.get('/group/file', { group_id, file_id })
  for (const value of [0, 2, 3]) await member.post('/group/msg/mute_mode', { group_id, msg_mute_mode: value })
  for (const value of [0, 4, 5]) await member.post('/group/msg/push_mode', { group_id, msg_push_mode: value })
  await member.post('/group/msg/not_disturb', { group_id, value: true })
  await member.get('/group/info', { group_id })
  await member.post('/group/members/display_name', { group_id, user_list: [53, 59, 51] })
}

async function bans(teller: Teller): Promise<void> {
  const owner = teller.as(60)
  const member = teller.as(61)
  const { group_id } = await owner.post('/group/create', { name: 'Silence', user_list: [61, 62] })
  for (const duration of [-1, 10])
    await owner.post('/group/ban', { group_id, user_list: [61, 62, 69], duration })
  await member.get('/group/banned_list', { group_id })
  await member.get('/group/member_list', { group_id })
  await member.get('/file/upload/chat', { file_type: 200, to_id: group_id, to_type: 2 })
  await owner.post('/group/unban', { group_id, user_list: [61] })
  for (const duration of [-1, 30]) {
    await owner.post('/group/settings/ban_all', { group_id, duration })
    await member.get('/group/info', { group_id })
    await member.get('/group/settings', { group_id })
  }
  await member.get('/file/upload/chat', { file_type: 200, to_id: group_id, to_type: 2 })
  await owner.post('/group/settings/unban_all', { group_id })
  await member.get('/group/settings', { group_id })
  for (const setting of ['enable_read_ack', 'history_visible', 'hide_member_info', 'allow_member_modify']) {
    await owner.call('PUT', `/group/settings/${setting}`, { group_id, value: true })
    await member.post(`/group/settings/${setting}`, { group_id, value: false })
  }
  await member.get('/group/settings', { group_id })
  await member.get('/group/member_list', { group_id })
  await member.post('/group/members/display_name', { group_id, user_list: [60, 61, 62] })
  await owner.get('/group/member_list', { group_id })
}

/** What leads to something else today: nothing comes after it. */
async function ended(teller: Teller): Promise<void> {
  const owner = teller.as(45)
  const gone = teller.as(46)
  const guest = teller.as(47)
  const { group_id } = await owner.post('/group/create', { name: 'Ended', user_list: [46] })
  await guest.post('/user/settings', { group_confirm: true })
  await gone.post('/group/invite', { group_id, user_list: [47] })
  await owner.post('/group/ban', { group_id, user_list: [46], duration: 10 })
  await gone.post('/group/leave', { group_id })
  await owner.post('/group/invite', { group_id, user_list: [46] })
  await owner.get('/group/banned_list', { group_id })
  await gone.post('/group/file/upload', { group_id, name: 'a', size: 1, url: 'https://example.org/a' })
  await owner.post('/group/kick', { group_id, user_list: [46] })
  await guest.post('/group/invite/handle', { group_id, user_id: 46, approval: true })
}

async function pages(teller: Teller): Promise<void> {
  const owner = teller.as(70)
  const users = Array.from({ length: 25 }, (_, i) => 700 + i)
  const { group_id } = await owner.post('/group/create', { name: 'Many', user_list: users })
  await owner.post('/group/ban', { group_id, user_list: users, duration: -1 })
  await owner.post('/group/block', { group_id, user_list: users.map(user => user + 100) })
  for (const list of ['member_list', 'banned_list', 'blocked_list']) {
    const first = await pageOf(teller, `/group/${list}?group_id=${group_id}&limit=10`)
    const second = await pageOf(teller, `/group/${list}?group_id=${group_id}&limit=10&cursor=${first}`)
    await pageOf(teller, `/group/${list}?group_id=${group_id}&limit=10&cursor=${second}&version=3`)
    await pageOf(teller, `/group/${list}?group_id=${group_id}&limit=10&cursor=${first}x`)
    // A cursor of another list.
    await pageOf(teller, `/group/admin_list?group_id=${group_id}&cursor=${first}`)
    await pageOf(teller, `/group/banned_list?group_id=${group_id}&cursor=${first}`)
  }
  await owner.get('/group/admin_list', { group_id })
  const groups = [group_id]
  for (let i = 0; i < 3; i++)
    groups.push((await owner.post('/group/create', { name: `Of ${i}`, type: 2 })).group_id)
  await owner.post('/group/info/batch', { group_list: [...groups, 1, ...groups] })
  await owner.post('/group/info/batch', { group_list: [] })
  await teller.as(71).post('/group/info/batch', { group_list: groups.map(String) })
  await owner.get('/group/user_joined')
  await owner.get('/group/public_list')
}

async function pageOf(teller: Teller, path: string): Promise<string> {
  const raw = await teller.as(70).send({ method: 'GET', path })
  return JSON.parse(raw).cursor
}

async function administrators(teller: Teller): Promise<void> {
  const server = teller.server()
  await server.post('/group/create', { name: 'Whose?' })
  const as80 = teller.server({ user_id: '80' })
  const { group_id } = await as80.post('/group/create', { name: 'Of the server', user_list: [81] })
  const ofGroup = teller.server({ group_id: String(group_id) })
  const both = teller.server({ group_id: String(group_id), user_id: '80' })
  for (const caller of [server, as80, ofGroup, teller.server({ user_id: '81' })]) {
    await caller.get('/group/info', { group_id })
    await caller.post('/group/info/name', { group_id, value: 'By the server' })
    await caller.post('/group/announcement/edit', { group_id, title: 'T', content: 'C' })
    await caller.get('/group/user_joined')
    await caller.get('/group/member_list', { group_id: 1 })
  }
  await both.get('/group/user_joined')
  await both.get('/group/info', { group_id: 1 })
  await teller.server({ user_id: 'x' }).get('/group/info', { group_id })
  await teller.server({ group_id: '-1' }).get('/group/info', { group_id })
  await teller.as(81, { user_id: '81' }).get('/group/info', { group_id })
  await teller.as(81, { user_id: '82' }).get('/group/info', { group_id })
  await teller.as(81, { group_id: String(group_id) }).get('/group/info', { group_id })
  await server.post('/group/transfer', { group_id, new_owner: 81 })
  await server.post('/group/destroy', { group_id })
}
