import type { Teller } from './teller.ts'

/** What is about HTTP and tokens, and no operation in particular (docs/behaviour.md, sections 1 and 2). */
export async function requests(teller: Teller): Promise<void> {
  const anna = teller.as(90)
  const { group_id } = await anna.post('/group/create', { name: 'Requests' })
  const info = `/group/info?group_id=${group_id}`
  await tokens(teller)
  for (const path of ['/no/such/route', '/', '//group/user_joined', '/group', '/healthz', '/readyz'])
    await anna.send({ method: 'GET', path })
  for (const method of ['PATCH', 'DELETE', 'PUT', 'HEAD', 'OPTIONS']) await anna.send({ method, path: info })
  await anna.send({
    method: 'GET',
    path: info,
    headers: { 'x-request-id': 'not a sane one', origin: 'https://a.example' },
  })
  for (const value of [
    '1.5',
    '-3',
    '1e20',
    '12abc',
    '9007199254740992',
    '',
    '0',
    '+1',
    '%20',
    `${group_id}&group_id=1`,
  ])
    await anna.send({ method: 'GET', path: `/group/info?group_id=${value}` })
  for (const value of [1.5, -3, '12abc', null, true, [], {}, 9007199254740992])
    await anna.post('/group/settings/unban_all', { group_id: value })
  for (const value of [1, 0, '1', 'true', 'false', 'yes', null, 2])
    await anna.post('/group/settings/enable_read_ack', { group_id: String(group_id), value })
  await anna.send({
    method: 'POST',
    path: `/group/settings/unban_all?group_id=${group_id}`,
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  await anna.send({ method: 'POST', path: `/group/settings/unban_all?group_id=${group_id}` })
  await anna.send({
    method: 'POST',
    path: '/group/settings/unban_all?group_id=1',
    headers: { 'content-type': 'application/json' },
    body: `{"group_id":${group_id}}`,
  })
  for (const body of ['{', '[]', '"x"', 'null', '', '{"group_id":1,"group_id":2}'])
    await anna.send({ method: 'POST', path: '/group/settings/unban_all', body })
  for (const type of ['text/plain', 'application/json; charset=utf-8', 'application/x-www-form-urlencoded'])
    await anna.send({
      method: 'POST',
      path: '/group/settings/unban_all',
      headers: { 'content-type': type },
      body: '{"group_id":1}',
    })
  await anna.send({
    method: 'POST',
    path: '/group/info/batch',
    headers: { 'content-type': 'application/json' },
    bytes: 'latin-1.json',
  })
  await anna.send({
    method: 'POST',
    path: '/group/info/batch',
    headers: { 'content-type': 'application/json' },
    bytes: 'body of 2 MiB',
  })
  for (const list of ['1,2', [], ['x'], 'x', [1.5], Array.from({ length: 501 }, (_, i) => i + 1), null])
    await anna.post('/group/invite', { group_id, user_list: list })
  for (const limit of ['10', 0, 1001, 'x']) await anna.get('/group/member_list', { group_id, limit })
}

async function tokens(teller: Teller): Promise<void> {
  const path = '/group/user_joined'
  const bearer = { app_id: 'demo', authorization: 'Bearer nonsense' }
  for (const headers of [
    { 'access-token': 'nonsense' },
    { app_id: 'demo' },
    { app_id: 'demo', 'access-token': 'nonsense' },
    { app_id: 'demo', 'access-token': '' },
    bearer,
    { app_id: 'no such app', 'access-token': 'nonsense' },
    { app_id: '' },
    { 'app-id': 'demo' },
  ])
    await teller.ask({ method: 'GET', path, headers })
  for (const claims of [
    { role: 1, sub: '7', exp: 1_700_000_001 },
    { role: 1, sub: '7', nbf: 4_000_000_000 },
    { role: 1, sub: 'seven' },
    { role: 3, sub: '7' },
    { role: 2 },
    { role: 1, sub: '7', use: 'files' },
  ])
    await teller.as(claims).get(path)
  // An app's token for another app, with the secret of neither.
  await teller.as({ app: 'nobody', role: 1, sub: '7' }, { app_id: 'demo' }).get(path)
  await teller.as({ app: 'small', role: 1, sub: '7' }, { app_id: 'demo' }).get(path)
  await teller.as({ role: 1, sub: '7' }, { app_id: '' }).get(path)
}
