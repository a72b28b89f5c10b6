import { callers } from '../../support/client.ts'
import { FrameReader } from '../../support/events.ts'
import { freePort, startServer } from '../../support/process.ts'
import { Receiver } from '../../support/receiver.ts'
import { sendTo } from '../../support/uploads.ts'
import { recording } from './trace.ts'

/** Something that was answered: it must be true of every image of a cut after the answer. */
export interface Fact {
  /** The id of the request whose answer said so. */
  readonly request: string
  readonly what: string
  /** Answers a row where it is true. */
  readonly sql: string
  /** The row names an object, whose bytes must be these. */
  readonly bytes?: Uint8Array<ArrayBuffer>
}

const app_id = 'demo'
const secret = 'a-secret-of-the-demo-app-for-tests'

/**
 * Runs the service under strace while several clients change and read things; answers what they were told.
 */
export async function record(
  program: readonly string[],
  root: string,
  file: string,
  cwd: string | undefined,
): Promise<Fact[]> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const environment = {
    DATA_DIR: root,
    PORT: String(port),
    APP_ID: app_id,
    APP_SECRET: secret,
    LOG_LEVEL: 'error',
    WEBHOOK_ALLOW: '127.0.0.0/8',
    WEBHOOK_ALLOW_HTTP: 'true',
  }
  const running = await startServer([...recording(file), ...program, 'serve'], environment, url, {
    patienceMs: 120_000,
    ownGroup: true,
    cwd,
  })
  const facts: Fact[] = []
  const receiver = await Receiver.start()
  try {
    const heardAll = await listen(url, receiver)
    await tellStory(url, facts)
    await heardAll()
  } finally {
    await receiver.stop()
    // As a power cut would: nothing is tidied up.
    await running.end('SIGKILL')
  }
  return facts
}

/** Has events told in every way. The function that it answers resolves when each of them has told some. */
async function listen(url: string, receiver: Receiver): Promise<() => Promise<void>> {
  const { admin: asAdmin, as } = callers({ url, app_id, secret })
  const [admin, writer] = await Promise.all([asAdmin(), as(1)])
  await admin.post('/webhooks', { url: receiver.url })
  const streams = await Promise.all([
    FrameReader.open(admin, '/events/stream'),
    FrameReader.open(writer, '/events/mine'),
  ])
  let polled = 0
  let polling = true
  const poll = (async () => {
    for (let after = 'earliest'; polling; ) {
      const answer = await admin.get('/events', { after, wait: 1 })
      polled += answer.data.length
      after = answer.cursor
    }
  })()
  return async () => {
    while (
      [...streams.map(({ waiting }) => waiting), polled, receiver.received.length].some(told => told < 20)
    )
      await new Promise(resolve => setTimeout(resolve, 20))
    polling = false
    await poll
    for (const stream of streams) stream.close()
  }
}

async function tellStory(url: string, facts: Fact[]): Promise<void> {
  const { as } = callers({ url, app_id, secret })
  let requests = 0
  /** Calls with an id by which the trace knows the answer, which must be a success. */
  const caller = async (user: number) => {
    const client = await as(user)
    return async (
      method: 'GET' | 'POST',
      path: string,
      input: Record<string, string | number | number[]>,
    ) => {
      const request = `cut-${++requests}`
      const sent = method === 'GET' ? { query: input as Record<string, string | number> } : { body: input }
      const { code, data, message } = await client.call(method, path, {
        ...sent,
        headers: { 'x-request-id': request },
      })
      if (code !== 200) throw new Error(`${path}: ${code} ${message}`)
      return { request, data }
    }
  }

  const writer = async (user: number) => {
    const call = await caller(user)
    const { request, data } = await call('POST', '/group/create', { name: `Of ${user}` })
    const { group_id } = data
    facts.push({ request, what: 'a group', sql: `SELECT 1 FROM groups WHERE group_id = ${group_id}` })
    for (let turn = 0; turn < 12; turn++) {
      const guest = user * 1000 + turn
      const invited = await call('POST', '/group/invite', { group_id, user_list: [guest] })
      const sql = `SELECT 1 FROM members WHERE group_id = ${group_id} AND user_id = ${guest}`
      facts.push({ request: invited.request, what: 'a member', sql })
      const content = `${user} in turn ${turn} `.repeat(40)
      const published = await call('POST', '/group/announcement/edit', { group_id, title: 'News', content })
      facts.push({
        request: published.request,
        what: 'an announcement',
        sql: `SELECT 1 FROM announcements WHERE group_id = ${group_id} AND content = '${content}'`,
      })
    }
  }

  const sharer = async (user: number) => {
    const call = await caller(user)
    const { group_id } = (await call('POST', '/group/create', { name: `Files of ${user}` })).data
    for (let turn = 0; turn < 6; turn++) {
      const bytes = new TextEncoder().encode(`file ${turn} of ${user} `.repeat(400 + 700 * turn + user))
      const input = { file_type: 200, to_type: 2, to_id: group_id }
      const { data: place } = await call('GET', '/file/upload/chat', input)
      const request = `cut-${++requests}`
      const response = await sendTo(place, bytes, {
        'x-request-id': request,
      })
      if (response.status !== 200) throw new Error(`an upload was answered ${response.status}`)
      const shared = await call('POST', '/group/file/upload', {
        group_id,
        name: 'A file',
        size: 1,
        url: place.download_url,
      })
      const { file_id } = shared.data
      if (turn % 2 === 0) {
        const sql = `SELECT 1 FROM shared_files WHERE file_id = ${file_id}`
        facts.push({ request: shared.request, what: 'a shared file', sql })
        // The file's own name is not told: its bytes are found by their size, which no other has.
        const stored = `SELECT object_name FROM objects WHERE state = 1 AND size = ${bytes.length}`
        facts.push({ request, what: 'an upload', sql: stored, bytes })
      } else {
        const deleted = await call('POST', '/group/file/delete', { group_id, file_list: [file_id] })
        const sql = `SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM shared_files WHERE file_id = ${file_id})`
        facts.push({ request: deleted.request, what: 'a deletion', sql })
      }
    }
  }

  let writing = true
  /** Tells on what others do, before they are told themselves. */
  const reader = async (user: number) => {
    const call = await caller(user)
    const { group_id } = (await call('POST', '/group/create', { name: 'Watched' })).data
    const watched = (async () => {
      for (let guest = 1; writing && guest < 400; guest++)
        await call('POST', '/group/invite', { group_id, user_list: [user * 1000 + guest] })
    })()
    while (writing) {
      const { request, data } = await call('GET', '/group/info', { group_id })
      const sql = `SELECT 1 FROM groups WHERE group_id = ${group_id} AND count >= ${data.count}`
      facts.push({ request, what: `a count of ${data.count} that was read`, sql })
    }
    await watched
  }

  const reading = reader(9)
  await Promise.all([writer(1), writer(2), writer(3), sharer(4), sharer(5)])
  writing = false
  await reading
}
