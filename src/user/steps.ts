import { eraseEvents } from '../audit/erase.ts'
import { type Sealing, sealApp } from '../audit/seal.ts'
import type { Bound } from '../db/query.ts'
import { objectState } from '../db/states.ts'
import { endAllOf } from '../file/end-grants.ts'
import type { StoredObject } from '../file/objects.ts'
import { Refusal } from '../operation/errors.ts'
import type { Executor } from '../operation/executor.ts'
import { runTask, task } from '../operation/task.ts'
import type { App } from '../tenant/app.ts'
import { forgetInGroup } from './forget-in-group.ts'
import { nextGroup } from './holdings.ts'
import type { Erasure } from './ledger.ts'
import {
  answersWith,
  blankDissolved,
  blankGrants,
  deliveries,
  dropCreator,
  dropSettings,
  dropUser,
  eventPortion,
  eventsAbout,
  groupsWithAvatar,
  headOf,
  lastOfGrants,
  lastOfGroups,
  objectsOf,
  remains,
  replaceAnswer,
  uncountCreated,
} from './traces.ts'
import { withoutUser } from './without-user.ts'

/* An erasure, step by step. Each step does one portion at a time, and can do it again after a crash. */

/** What a step works with. */
export interface Erasing {
  readonly executor: Executor
  readonly app: App
  readonly user_id: number
  readonly owned: Erasure['owned']
  readonly now: () => number
  readonly newId: () => number
  readonly sealing: Sealing
  /** Deletes the bytes of an object that nobody may read any more, and then its row. */
  readonly forgetObject: (object: StoredObject) => Promise<unknown>
}

/**
 * Does one portion. Answers the place where the next portion begins, or undefined if the step is done. The
 * first place of a step is ''.
 */
type Step = (erasing: Erasing, place: string) => Promise<string | undefined>

const write = ({ executor, now }: Erasing, writes: readonly Bound[]) =>
  runTask(executor, task({ decide: () => ({ data: null, writes }) }), now())

async function forgetIn(
  { executor, app, user_id, owned, now, newId }: Erasing,
  group_id: number,
): Promise<void> {
  const caller = { administrator: true, user_id, only_group: null }
  const call = { app, caller, input: { group_id, owned }, now: now(), newId }
  const result = await executor.run(forgetInGroup, call, { bookmark: undefined })
  // A group that was dissolved meanwhile is no group any more: a later step looks into it.
  if (result instanceof Refusal && result.name !== 'group_not_found') throw new Error(result.message)
}

/** Groups in which there is something of the user, one after the other. */
const inGroups: Step = async erasing => {
  const { app, user_id, executor } = erasing
  const [next] = await executor.read(nextGroup({ app_id: app.app_id, user_id }))
  if (next === undefined || next.group_id === null) return undefined
  await forgetIn(erasing, next.group_id)
  return ''
}

/**
 * All groups: the user as their creator, as the former owner of dissolved ones, and pictures that it stored.
 */
const ofGroups: Step = async (erasing, place) => {
  const { executor, app, user_id } = erasing
  const after = Number(place)
  const [found] = await executor.read(lastOfGroups({ after }))
  if (found === undefined || found.last === null) return undefined
  const range = { app_id: app.app_id, user_id, after, last: found.last }
  for (const { group_id } of await executor.read(groupsWithAvatar(range))) await forgetIn(erasing, group_id)
  await write(erasing, [uncountCreated(range), dropCreator(range), blankDissolved(range)])
  return String(found.last)
}

const leftOver: Step = async erasing => {
  const { app, user_id } = erasing
  await write(
    erasing,
    remains.map(statement => statement({ app_id: app.app_id, user_id })),
  )
  return undefined
}

/** How many files one portion deletes. */
const filesAtOnce = 3

const files: Step = async erasing => {
  const { executor, app, user_id, forgetObject } = erasing
  for (const statement of objectsOf) {
    const found = await executor.read(statement({ app_id: app.app_id, user_id }))
    if (found.length === 0) continue
    for (const object of found.slice(0, filesAtOnce)) {
      // Who was given the file cannot read it from here on.
      if (object.state === objectState.stored) await write(erasing, endAllOf([object.object_name]))
      await forgetObject(object)
    }
    return ''
  }
  return undefined
}

const grants: Step = async (erasing, place) => {
  const { executor, app, user_id } = erasing
  const after = Number(place)
  const [found] = await executor.read(lastOfGrants({ after }))
  if (found === undefined || found.last === null) return undefined
  await write(erasing, [blankGrants({ app_id: app.app_id, user_id, after, last: found.last })])
  return String(found.last)
}

const userItself: Step = async erasing => {
  const { app, user_id } = erasing
  const ofUser = { app_id: app.app_id, user_id }
  await write(erasing, [dropSettings(ofUser), dropUser(ofUser)])
  return undefined
}

const keptAnswers: Step = async (erasing, place) => {
  const { executor, app, user_id } = erasing
  const { app_id } = app
  const [day = '-1', hash = ''] = place === '' ? [] : place.split(' ')
  const found = await executor.read(answersWith({ app_id, day: Number(day), hash, digits: String(user_id) }))
  const last = found.at(-1)
  if (last === undefined) return undefined
  const changed = found.flatMap(({ day, hash, answer }) => {
    const before = JSON.stringify(answer)
    const after = JSON.stringify(withoutUser(answer, user_id))
    return after === before ? [] : [replaceAnswer({ app_id, day, hash, answer: after })]
  })
  if (changed.length > 0) await write(erasing, changed)
  return `${last.day} ${last.hash}`
}

const ofWebhooks: Step = async erasing => {
  const { app, user_id } = erasing
  await write(
    erasing,
    deliveries.map(statement => statement({ app_id: app.app_id, user_id })),
  )
  return undefined
}

/**
 * Events, the newest first: whether a change names a text that the user wrote is told by the event before it,
 * which must not be blank yet.
 */
const ofEvents: Step = async (erasing, place) => {
  const { executor, app, user_id, sealing } = erasing
  const { app_id } = app
  const [reached] = await executor.read(headOf({ app_id }))
  const last = place === '' ? (reached?.head ?? 0) : Number(place)
  if (last <= 0) return undefined
  // Only events that are in the chain of the audit trail can be blanked.
  if (place === '') await sealApp(executor, app_id, sealing)
  const first = Math.max(1, last - eventPortion + 1)
  const found = await executor.read(eventsAbout({ app_id, user_id, first, last }))
  if (found.length > 0) await write(erasing, eraseEvents({ app_id, seqs: found.map(({ seq }) => seq) }))
  return String(first - 1)
}

/** The steps in their order, by the names under which the ledger keeps them. */
const steps: readonly (readonly [name: string, step: Step])[] = [
  ['in-groups', inGroups],
  ['of-groups', ofGroups],
  ['left-over', leftOver],
  ['files', files],
  ['grants', grants],
  ['user', userItself],
  ['answers', keptAnswers],
  ['webhooks', ofWebhooks],
  ['events', ofEvents],
]

export const firstStep = 'in-groups'

/**
 * Does one portion of a step. Answers the step and the place to go on from, or undefined if all steps are
 * done. A step that this version does not know counts as the first.
 */
export async function eraseOn(
  erasing: Erasing,
  at: { readonly step: string; readonly place: string },
): Promise<{ readonly step: string; readonly place: string } | undefined> {
  const known = steps.findIndex(([name]) => name === at.step)
  const index = Math.max(0, known)
  const place = await (steps[index] as (typeof steps)[number])[1](erasing, known < 0 ? '' : at.place)
  if (place !== undefined) return { step: (steps[index] as (typeof steps)[number])[0], place }
  const next = steps[index + 1]
  return next && { step: next[0], place: '' }
}
