import type { Caller, Teller } from './teller.ts'
import { pathOf } from './teller.ts'

/** Uploads and downloads (docs/behaviour.md, section 7). */
export async function files(teller: Teller): Promise<void> {
  const [anna, ben, cleo, dora] = [910, 911, 912, 913].map(user => teller.as(user))
  if (!anna || !ben || !cleo || !dora) return
  const { group_id } = await anna.post('/group/create', { name: 'Files', user_list: [911, 915] })
  const toGroup = { to_id: group_id, to_type: 2 }
  const toBen = { to_id: 911, to_type: 1 }
  for (const file_type of [99, 100, 104, 200, 203, 300, 'x'])
    await anna.get('/file/upload/chat', { file_type, ...toGroup })
  await anna.get('/file/upload/chat', { file_type: 200, ...toBen })
  await anna.get('/file/upload/chat', { file_type: 100, ...toBen, to_type: 3 })
  await cleo.get('/file/upload/chat', { file_type: 100, ...toGroup })
  await cleo.get('/file/upload/avatar/group', { group_id })

  const picture = await anna.upload('/file/upload/chat', { file_type: 102, ...toGroup }, 'picture.png')
  const avatar = await anna.upload('/file/upload/avatar/user', {}, 'picture.png')
  const ofGroup = await anna.upload('/file/upload/avatar/group', { group_id }, 'picture.png')
  for (const path of [picture, avatar]) await downloads([anna, ben, cleo], path)
  await cleo.send({ method: 'GET', path: ofGroup })
  await anna.post('/group/info/avatar', { group_id, value: ofGroup })
  await anna.get('/group/info', { group_id })

  const kinds = [
    [100, 'notes.txt', false],
    [100, 'page.html', false],
    [100, 'empty', false],
    [101, 'voice.amr', false],
    [102, 'huge.png', false],
  ] as const
  for (const [file_type, bytes, form] of kinds) {
    const path = await anna.upload('/file/upload/chat', { file_type, ...toBen }, bytes, form)
    for (const query of ['', '&image_type=2', '&format=mp3', '&format=amr'])
      await ben.send({ method: 'GET', path: path + query })
  }
  // Files with names are for readers of their own.
  const named = await anna.upload('/file/upload/chat', { file_type: 100, to_id: 914 }, 'notes.txt', true)
  await teller.as(914).send({ method: 'GET', path: named })
  await anna.upload('/file/upload/chat', { file_type: 101, ...toBen }, 'a picture where voice is meant')
  await anna.upload('/file/upload/chat', { file_type: 103, ...toBen }, 'text where a video is meant', true)
  await anna.upload('/file/upload/chat', { file_type: 102, ...toBen }, 'SVG where a picture is meant')
  await avatarsThatAreNone(anna)
  await uploadsAgain(teller, anna)
  await sharing(teller, group_id, picture)
}

async function downloads(callers: readonly Caller[], path: string): Promise<void> {
  for (const caller of callers) await caller.send({ method: 'GET', path })
  const [anna] = callers
  if (anna === undefined) return
  await anna.send({ method: 'HEAD', path })
  for (const range of [
    'bytes=0-9',
    'bytes=10-',
    'bytes=-5',
    'bytes=99999-',
    'bytes=5-1',
    'bytes=0-1,3-4',
    'lines=1-2',
  ])
    await anna.send({ method: 'GET', path, headers: { range } })
  await anna.send({ method: 'GET', path, headers: { 'if-none-match': '*' } })
  await anna.send({ method: 'GET', path, headers: { 'if-none-match': '"another"' } })
  await anna.send({ method: 'GET', path, headers: { range: 'bytes=0-9', 'if-range': '"another"' } })
  for (const query of [
    'image_type=1',
    'image_type=2',
    'image_type=3',
    'imgage_type=2',
    'image_type=2&w=20&h=20',
    'image_type=3&w=20&h=20',
    'image_type=2&w=0.5&h=-1',
    'image_type=4',
    'image_type=2&w=x',
    'thumbnail_strategy=3',
    'image_type=2&thumbnail_strategy=1',
    'format=mp3',
    'format=wav',
    'source=miniprogram',
  ])
    await anna.send({ method: 'GET', path: `${path}&${query}` })
}

async function avatarsThatAreNone(anna: Caller): Promise<void> {
  for (const bytes of ['notes.txt', 'picture.svg', 'empty', 'huge.png']) {
    const path = await anna.upload('/file/upload/avatar/user', {}, bytes)
    await anna.send({ method: 'GET', path })
    await anna.send({ method: 'GET', path: `${path}&image_type=2` })
  }
}

async function uploadsAgain(teller: Teller, anna: Caller): Promise<void> {
  const { upload_url, download_url } = await anna.get('/file/upload/chat', { file_type: 100, to_id: 911 })
  const [path, download] = [pathOf(upload_url), pathOf(download_url)]
  await anna.send({ method: 'GET', path: download })
  await teller.ask({
    method: 'POST',
    path,
    headers: { 'content-type': 'multipart/form-data' },
    bytes: 'notes.txt',
  })
  await teller.ask({
    method: 'POST',
    path,
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
    bytes: 'notes.txt',
  })
  await teller.ask({ method: 'GET', path })
  await teller.ask({ method: 'OPTIONS', path })
  await teller.ask({ method: 'PUT', path, bytes: 'notes.txt', headers: { 'content-type': 'text/html' } })
  await teller.ask({ method: 'PUT', path, bytes: 'notes.txt' })
  await teller.ask({ method: 'PUT', path: `${path}x`, bytes: 'notes.txt' })
  await teller.ask({ method: 'PUT', path: '/file/upload/object', bytes: 'notes.txt' })
  await anna.send({ method: 'GET', path: download })
}

async function sharing(teller: Teller, group_id: number, picture: string): Promise<void> {
  const [anna, ben, cleo, dora] = [910, 911, 912, 913].map(user => teller.as(user))
  if (!anna || !ben || !cleo || !dora) return
  const file_sign = new URLSearchParams(picture.split('?')[1]).get('file_sign') ?? ''
  await cleo.get('/file/upload/forward', { file_sign, to_id: 913, to_type: 1 })
  const forwarded = pathOf(await ben.get('/file/upload/forward', { file_sign, to_id: 913, to_type: 1 }))
  await ben.get('/file/upload/forward', { file_sign, to_id: 1, to_type: 2 })
  await ben.get('/file/upload/forward', { file_sign: `${file_sign}x`, to_id: 913 })
  await dora.send({ method: 'GET', path: forwarded })
  await cleo.send({ method: 'GET', path: forwarded })
  await cleo.send({ method: 'GET', path: '/file/download/chat' })
  await cleo.send({ method: 'GET', path: '/file/download/chat?file_sign=nonsense' })
  await cleo.send({ method: 'GET', path: '/file/download/avatar?object_name=demo/avatar/nonsense' })
  await teller.ask({ method: 'GET', path: picture })
  await teller.ask({ method: 'GET', path: `${picture}&app_id=demo` })
  await teller.ask({ method: 'GET', path: `${picture}&app_id=demo&sdk_sign=nonsense` })
  await teller.ask({ method: 'GET', path: `${picture}&app_id=demo&access-token=nonsense` })
  await teller.ask({ method: 'GET', path: `${picture}&app_id=nobody` })
  await teller.as({ role: 1, sub: '911', use: 'files' }).send({ method: 'GET', path: picture })
  await teller.server().send({ method: 'GET', path: picture })
  await teller.as({ app: 'small', role: 1, sub: '911' }).send({ method: 'GET', path: picture })

  const shared = await ben.upload(
    '/file/upload/chat',
    { file_type: 200, to_id: group_id, to_type: 2 },
    'notes.txt',
  )
  const record = {
    group_id,
    name: 'notes.txt',
    size: 18,
    type: 'text/plain',
    url: `https://chat.example.org${shared}`,
  }
  const { file_id } = await ben.post('/group/file/upload', record)
  await anna.get('/group/file', { group_id, file_id })
  await anna.get('/group/file/list', { group_id })
  await teller.as(915).send({ method: 'GET', path: shared })
  await ben.post('/group/file/delete', { group_id, file_list: [file_id] })
  await anna.send({ method: 'GET', path: shared })
  await anna.post('/group/kick', { group_id, user_list: [911] })
  await ben.send({ method: 'GET', path: picture })
}
