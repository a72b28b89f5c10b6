import { Client, callers } from '../../support/client.ts'
import { operatorOf, operatorToken } from '../../support/operator.ts'
import { bytesOf, quarters } from '../../support/pictures.ts'
import type { Receiver } from '../../support/receiver.ts'
import type { Instance } from '../../support/target.ts'
import { sendTo } from '../../support/uploads.ts'
import { Recorder } from './recorder.ts'

/** A story in which every operation and every route is called once at least, to be read as examples. */
export async function tellExamples(instance: Instance, receiver: Receiver): Promise<Recorder> {
  const recorder = new Recorder()
  const group_id = await groups(recorder, instance)
  await files(recorder, instance, group_id)
  await events(recorder, instance, receiver, group_id)
  await administration(recorder, instance)
  await operator(recorder, instance)
  await farewell(recorder, instance, group_id)
  return recorder
}

async function groups(recorder: Recorder, instance: Instance): Promise<number> {
  const { as, admin } = callers(instance)
  const [anna, ben, cleo, dora, emil] = (await Promise.all([1, 2, 3, 4, 5].map(as))) as [
    Client,
    Client,
    Client,
    Client,
    Client,
  ]
  const { group_id } = await recorder.call(anna, 'POST /group/create', {
    name: 'Book club',
    description: 'A chapter a week',
    user_list: [2],
  })
  const group = { group_id }
  await recorder.call(anna, 'GET /group/info', group)
  await recorder.call(anna, 'POST /group/info/batch', { group_list: [group_id] })
  await recorder.call(anna, 'PUT /group/info/name', { ...group, value: 'Book worms' })
  await recorder.call(anna, 'PUT /group/info/description', { ...group, value: 'Two chapters a week' })
  await recorder.call(anna, 'PUT /group/info/avatar', { ...group, value: 'https://example.org/books.png' })
  await recorder.call(anna, 'PUT /group/info/ext', { ...group, value: '{"colour":"green"}' })
  for (const setting of ['allow_member_invitation', 'enable_read_ack', 'history_visible'])
    await recorder.call(anna, `PUT /group/settings/${setting}`, { ...group, value: true })
  for (const setting of ['allow_member_modify', 'hide_member_info'])
    await recorder.call(anna, `PUT /group/settings/${setting}`, { ...group, value: false })
  await recorder.call(anna, 'PUT /group/settings/require_admin_approval', { ...group, apply_approval: 1 })
  await recorder.call(anna, 'GET /group/settings', group)

  await recorder.call(cleo, 'POST /group/apply', { ...group, reason: 'I like books' })
  await recorder.call(anna, 'POST /group/application_list', { group_list: [group_id] })
  await recorder.call(anna, 'PUT /group/apply/handle', { ...group, user_id: 3, approval: true })
  await recorder.call(dora, 'PUT /user/settings', { group_confirm: true })
  await recorder.call(dora, 'GET /user/settings')
  await recorder.call(anna, 'POST /group/invite', { ...group, user_list: [4], reason: 'Read with us' })
  await recorder.call(dora, 'GET /group/invitation_list')
  await recorder.call(await admin(), 'GET /admin/group/invitations', group)
  await recorder.call(dora, 'PUT /group/invite/handle', { ...group, user_id: 1, approval: true })
  const { qr_info } = await recorder.call(anna, 'GET /group/qrcode/sign', group)
  await recorder.call(emil, 'POST /group/qrcode/invite', { qr_info })
  await recorder.call(anna, 'POST /group/qrcode/revoke', group)
  await recorder.call(await admin(), 'POST /group/admin/member_join', { ...group, user_list: [6, 7] })

  await recorder.call(ben, 'PUT /group/display_name', { ...group, value: 'Ben the reader' })
  await recorder.call(anna, 'POST /group/members/display_name', { ...group, user_list: [2] })
  await recorder.call(anna, 'GET /group/member_list', { ...group, limit: 2 })
  await recorder.call(anna, 'POST /group/admin/add', { ...group, user_list: [2] })
  await recorder.call(anna, 'GET /group/admin_list', group)
  await recorder.call(anna, 'POST /group/admin/add', { ...group, user_list: [3] })
  await recorder.call(anna, 'DELETE /group/admin/remove', { ...group, user_list: [3] })
  await recorder.call(ben, 'PUT /group/msg/mute_mode', { ...group, msg_mute_mode: 1 })
  await recorder.call(ben, 'PUT /group/msg/push_mode', { ...group, msg_push_mode: 1 })
  await recorder.call(ben, 'POST /group/msg/not_disturb', { ...group, value: true })
  await recorder.call(ben, 'GET /group/user_joined')
  await recorder.call(anna, 'POST /group/create', { name: 'Announcements of the library', type: 1 })
  await recorder.call(ben, 'GET /group/public_list')

  await recorder.call(ben, 'POST /group/ban', { ...group, user_list: [3], duration: 10 })
  await recorder.call(anna, 'GET /group/banned_list', group)
  await recorder.call(ben, 'POST /group/unban', { ...group, user_list: [3] })
  await recorder.call(anna, 'POST /group/settings/ban_all', { ...group, duration: 60 })
  await recorder.call(anna, 'POST /group/settings/unban_all', group)
  await recorder.call(anna, 'DELETE /group/kick', { ...group, user_list: [6] })
  await recorder.call(anna, 'POST /group/block', { ...group, user_list: [6] })
  await recorder.call(anna, 'GET /group/blocked_list', group)
  await recorder.call(anna, 'DELETE /group/unblock', { ...group, user_list: [6] })

  await recorder.call(anna, 'POST /group/announcement/edit', {
    ...group,
    title: 'Tuesday',
    content: 'Chapter 3',
  })
  const { id: announcement_id } = await recorder.call(ben, 'GET /group/announcement/last', group)
  await recorder.call(ben, 'GET /group/announcement', { ...group, announcement_id })
  await recorder.call(ben, 'GET /group/announcement/list', group)
  await recorder.call(anna, 'DELETE /group/announcement/delete', { ...group, announcement_id })
  return group_id
}

async function files(recorder: Recorder, instance: Instance, group_id: number): Promise<void> {
  const { as } = callers(instance)
  const [anna, ben, cleo] = (await Promise.all([1, 2, 3].map(as))) as [Client, Client, Client]
  const picture = await bytesOf(quarters(80, 60).png())
  const send = async (target: Parameters<typeof sendTo>[0]) => {
    const response = await sendTo(target, picture)
    const { searchParams } = new URL(target.upload_url)
    recorder.keep('PUT /file/upload/object', { slot: searchParams.get('slot') }, await response.json())
  }
  const avatar = await recorder.call(ben, 'GET /file/upload/avatar/user')
  await send(avatar)
  const object_name = new URL(avatar.download_url).searchParams.get('object_name')
  recorder.keep('GET /file/download/avatar', { object_name, image_type: 2, w: 100, h: 100 })
  await send(await recorder.call(anna, 'GET /file/upload/avatar/group', { group_id }))
  const chat = await recorder.call(ben, 'GET /file/upload/chat', {
    file_type: 102,
    to_id: group_id,
    to_type: 2,
  })
  await send(chat)
  const file_sign = new URL(chat.download_url).searchParams.get('file_sign')
  recorder.keep('GET /file/download/chat', { file_sign, image_type: 2, w: 200, h: 200 })
  await recorder.call(cleo, 'GET /file/upload/forward', { file_sign, to_id: 8, to_type: 1 })
  const shared = { name: 'chapter-3.png', size: picture.length, type: 'image/png', url: chat.download_url }
  await recorder.call(ben, 'POST /group/file/upload', { group_id, ...shared })
  const [{ file_id }] = await recorder.call(cleo, 'GET /group/file/list', { group_id })
  await recorder.call(cleo, 'GET /group/file', { group_id, file_id })
  await recorder.call(ben, 'PUT /group/file/update_name', { group_id, file_id, name: 'chapter-three.png' })
  await recorder.call(ben, 'DELETE /group/file/delete', { group_id, file_list: [file_id] })
  await recorder.call(ben, 'POST /file/revoke', { file_sign })
}

async function events(
  recorder: Recorder,
  instance: Instance,
  receiver: Receiver,
  group_id: number,
): Promise<void> {
  const { as, admin } = callers(instance)
  const [server, ben] = [await admin(), await as(2)]
  await recorder.call(server, 'GET /events', { after: 'earliest', limit: 2 })
  const stream = await firstOf(server, '/events/stream?after=earliest', /^event: group\.created$/m)
  recorder.keep('GET /events/stream', { after: 'earliest' }, stream)
  const told = firstOf(ben, '/events/mine', /^data: .*"group_id"/m, () =>
    server.post('/group/info/name', { group_id, value: 'Book worms of Tuesday' }),
  )
  recorder.keep('GET /events/mine', {}, await told)
  const { state } = await recorder.call(ben, 'GET /group/sync', { group_id })
  await recorder.call(ben, 'POST /group/versions', { groups: [[group_id, state]] })

  const { webhook_id } = await recorder.call(server, 'POST /webhooks', {
    url: receiver.url,
    kinds: ['group.member.joined'],
  })
  const webhook = { webhook_id }
  await recorder.call(server, 'POST /webhooks/:webhook_id/test', webhook)
  await recorder.call(server, 'GET /webhooks')
  await recorder.call(server, 'GET /webhooks/:webhook_id', webhook)
  await recorder.call(server, 'PUT /webhooks/:webhook_id', {
    ...webhook,
    kinds: ['group.member.joined', 'group.member.left'],
  })
  await recorder.call(server, 'POST /webhooks/:webhook_id/rotate', webhook)
  await held(recorder, instance, receiver, { group_id, webhook_id })
  await recorder.call(server, 'POST /webhooks/:webhook_id/resume', webhook)
  await recorder.call(server, 'POST /webhooks/:webhook_id/replay', { ...webhook, after: 'earliest' })
  await recorder.call(server, 'DELETE /webhooks/:webhook_id', webhook)

  const ask = { group_id, user_id: 2, action: 'post' }
  await recorder.call(server, 'POST /authz/check', ask)
  await recorder.call(server, 'POST /authz/check/batch', { checks: [ask, { ...ask, user_id: 9 }] })
  await recorder.call(server, 'GET /authz/recipients', { group_id })
  for (const proxy of ['subscribe', 'publish'])
    await recorder.call(server, `POST /integrations/centrifugo/${proxy}`, {
      user: 2,
      channel: `group:${group_id}`,
    })
}

/** A delivery that the receiver refuses is held, shown and skipped. */
async function held(
  recorder: Recorder,
  instance: Instance,
  receiver: Receiver,
  { group_id, webhook_id }: { readonly group_id: number; readonly webhook_id: string },
): Promise<void> {
  const server = await callers(instance).admin()
  receiver.answer(503)
  await server.post('/group/admin/member_join', { group_id, user_list: [8] })
  for (;;) {
    const { data } = await server.get(`/webhooks/${webhook_id}/deliveries`)
    const seq = data.held[0]?.seq
    if (seq !== undefined) {
      await recorder.call(server, 'GET /webhooks/:webhook_id/deliveries', { webhook_id })
      await recorder.call(server, 'POST /webhooks/:webhook_id/skip', { webhook_id, seq })
      return receiver.answer(200)
    }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** The first message of a stream that is like this. `act` is done once the stream is open. */
async function firstOf(
  caller: Client,
  path: string,
  wanted: RegExp,
  act = async (): Promise<unknown> => undefined,
): Promise<string> {
  const controller = new AbortController()
  const { headers } = caller
  const { body } = await fetch(caller.instance.url + path, { headers, signal: controller.signal })
  if (body === null) throw new Error(`${path} has no body`)
  await act()
  let text = ''
  for await (const part of body.pipeThrough(new TextDecoderStream())) {
    text += part
    const message = text
      .split('\n\n')
      .slice(0, -1)
      .find(whole => wanted.test(whole))
    if (message === undefined) continue
    controller.abort()
    return `${message}\n\n`
  }
  throw new Error(`${path} ended with ${text}`)
}

async function administration(recorder: Recorder, instance: Instance): Promise<void> {
  const server = await callers(instance).admin()
  await recorder.call(server, 'GET /admin/groups', { sort: 'newest' })
  await recorder.call(server, 'GET /admin/users', { sort: 'id', limit: 3 })
  await recorder.call(server, 'GET /admin/user', { user_id: 2 })
  await recorder.call(server, 'GET /admin/user/groups', { user_id: 2 })
  const [{ object_name }] = await recorder.call(server, 'GET /admin/files', { user_id: 2 })
  await recorder.call(server, 'GET /admin/usage')
  const reason = 'reported by three members'
  await recorder.call(server, 'POST /moderation/quarantine', { object_name, reason })
  await recorder.call(server, 'GET /moderation/quarantined')
  await recorder.call(server, 'POST /moderation/release', { object_name })
  await recorder.call(server, 'POST /moderation/delete', { object_name })
  await recorder.call(server, 'GET /audit', { actor: 2, limit: 2 })
  const exported = await fetch(`${instance.url}/user/export?user_id=2`, { headers: server.headers })
  const [head, user, ...lines] = (await exported.text()).trim().split('\n')
  recorder.keep('GET /user/export', { user_id: 2 }, `${[head, user, lines.at(-1)].join('\n')}\n`)
}

async function operator(recorder: Recorder, instance: Instance): Promise<void> {
  const host = await operatorOf(instance)
  const app = { app_id: 'club' }
  await recorder.call(host, 'POST /operator/app/create', app)
  await recorder.call(host, 'GET /operator/apps')
  const { secrets, keys } = await recorder.call(host, 'GET /operator/app', app)
  await recorder.call(host, 'POST /operator/app/settings', { ...app, settings: { max_groups: 100 } })
  await recorder.call(host, 'POST /operator/app/token', { ...app, user_id: 1 })
  await recorder.call(host, 'POST /operator/app/secret/rotate', app)
  await recorder.call(host, 'POST /operator/app/secret/end', { ...app, kid: secrets[0].kid })
  await recorder.call(host, 'POST /operator/app/key/rotate', app)
  await recorder.call(host, 'POST /operator/app/key/end', { ...app, kid: keys[0].kid })
  await recorder.call(host, 'POST /operator/app/delete', app)
  await recorder.call(host, 'GET /operator/health')
  const { body } = await host.get('/operator/jobs')
  // The first two say what all are like. So a new job changes no example.
  recorder.keep('GET /operator/jobs', {}, { ...body, data: (body.data as unknown[]).slice(0, 2) })
  await recorder.call(host, 'POST /operator/job/run', { name: 'sweep-groups' })
  await recorder.call(host, 'POST /operator/backup/make')
  await recorder.call(host, 'GET /operator/backups')
  const nobody = new Client(instance, {})
  const link = await operatorToken(instance, { jti: 'of-the-examples' })
  await recorder.call(nobody, 'POST /operator/session', { link })
  await recorder.call(host, 'GET /operator/session')
  const [{ session_id }] = await recorder.call(host, 'GET /operator/sessions')
  await recorder.call(host, 'POST /operator/session/end', { session_id })
  for (const path of ['healthz', 'readyz'])
    recorder.keep(`GET /${path}`, {}, await (await fetch(`${instance.url}/${path}`)).text())
  const metrics = await (await fetch(`${instance.url}/metrics`)).text()
  const [first = ''] = /^# HELP cohort_requests_total[\s\S]*?\n[^#].*\n/.exec(metrics) ?? []
  recorder.keep('GET /metrics', {}, first)
}

async function farewell(recorder: Recorder, instance: Instance, group_id: number): Promise<void> {
  const { as, admin } = callers(instance)
  const [anna, ben, cleo] = (await Promise.all([1, 2, 3].map(as))) as [Client, Client, Client]
  await recorder.call(cleo, 'DELETE /group/leave', { group_id })
  await recorder.call(anna, 'PUT /group/transfer', { group_id, new_owner: 2 })
  await recorder.call(ben, 'DELETE /group/destroy', { group_id })
  await erased(recorder, await admin())
}

/** Somebody is erased, and the job that does it has done so. */
async function erased(recorder: Recorder, server: Client): Promise<void> {
  const user = { user_id: 3 }
  await recorder.call(server, 'POST /user/erase', { ...user, owned: 'transfer' })
  while ((await server.get('/user/erasure', user)).data.state !== 'done')
    await new Promise(resolve => setTimeout(resolve, 50))
  await recorder.call(server, 'GET /user/erasure', user)
  await recorder.call(server, 'GET /user/erasures')
}
