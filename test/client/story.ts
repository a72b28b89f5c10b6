import { Cohort, CohortError } from '../../src/client/client.ts'

/** Where the story takes place, and the tokens of its people. */
export interface Stage {
  readonly url: string
  readonly app: string
  readonly tokens: Readonly<Record<'anna' | 'ben' | 'cleo', string>>
  /** A token that has expired. */
  readonly expired: string
  readonly ids: Readonly<Record<'anna' | 'ben' | 'cleo', number>>
}

/**
 * One story on every runtime, told with the client alone. Answers what its people saw, as JSON: the test that
 * tells it knows what that must be.
 */
export async function tell({ url, app, tokens, expired, ids }: Stage) {
  let asked = 0
  const given = [expired, tokens.anna]
  const anna = new Cohort({ url, app, token: () => given[asked++] ?? tokens.anna })
  const ben = new Cohort({ url, app, token: tokens.ben })
  const cleo = new Cohort({ url: `${url}/`, app, token: async () => tokens.cleo })

  // Two calls at once with a token that has expired: one new token serves both.
  const [group] = await Promise.all([
    anna.group.create({ name: 'Book club', user_list: [ids.ben] }),
    anna.group.joined(),
  ])
  const { group_id } = group

  const refused = await cleo.group.setName({ group_id, value: 'Mine' }).catch(error => error)
  const applied = await cleo.group.apply({ group_id, reason: 'I like books' })
  await anna.group.handleApplication({ group_id, user_id: ids.cleo, approval: true })

  const members: number[] = []
  for await (const { user_id } of anna.group.members({ group_id, limit: 1 })) members.push(user_id)
  const { total, cursor } = await ben.group.members({ group_id, limit: 2 }).page()

  const bytes = new TextEncoder().encode('Chapter 3')
  const progress: [number, number][] = []
  const uploaded = await ben.files.upload(bytes, {
    group_id,
    shared: true,
    name: 'notes.txt',
    onProgress: (sent, all) => progress.push([sent, all]),
  })
  const read = await cleo.files.download(uploaded.download_url)
  const [shared] = await cleo.group.files({ group_id }).all()

  const controller = new AbortController()
  controller.abort(new Error('no longer wanted'))
  const aborted = await anna.group.info({ group_id }, { signal: controller.signal }).catch(error => error)
  await anna.group.destroy({ group_id })
  const gone = await ben.group.info({ group_id }).catch(error => error)

  return {
    asked,
    name: group.name,
    refused: describe(refused),
    applied: applied.result,
    members,
    page: { total, more: cursor !== '' },
    read: await read.text(),
    shared: shared?.name,
    recorded: shared?.file_id === uploaded.file_id,
    progress: progress.at(-1),
    aborted: aborted instanceof Error && aborted.message,
    gone: describe(gone),
  }
}

const describe = (error: unknown) =>
  error instanceof CohortError && {
    code: error.code,
    reason: error.reason,
    status: error.status,
    retryable: error.retryable,
    request: error.requestId !== '',
  }
