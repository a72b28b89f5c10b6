import { signal } from '@preact/signals'
import { Cohort, CohortError } from '../client/client.ts'

/*
 * Who is signed in, and where in the console one is. All that the console does goes through the typed client.
 */

const url = globalThis.location.origin

/** The service, as its operator. */
export const service = new Cohort({ url })
/** An app, with its administrator's rights. */
export const appClient = (app: string): Cohort => new Cohort({ url, app })

/** undefined: not known yet. null: nobody. */
export const session = signal<{ readonly expires_at: number } | null | undefined>(undefined)
/** Why nobody is signed in, to be read. */
export const signInProblem = signal('')

/** The path behind `#`, as parts: `#/apps/demo/groups` is ['apps', 'demo', 'groups']. */
export const route = signal<readonly string[]>([])

const partsOf = (hash: string): string[] =>
  hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decodeURIComponent)

export const pathTo = (...parts: readonly (string | number)[]): string =>
  `#/${parts.map(part => encodeURIComponent(part)).join('/')}`

/** Opens a session by what follows # in the link of `cohort console`, or by an operator's token. */
export async function signIn(link: string): Promise<void> {
  signInProblem.value = ''
  try {
    session.value = await service.operator.openSession({ link: link.trim().replace(/^.*#/, '') })
  } catch (error) {
    session.value = null
    signInProblem.value = messageOf(error)
  }
}

export async function signOut(): Promise<void> {
  await service.operator.endSession({})
  session.value = null
}

/** Looks who is signed in, and follows the address from then on. */
export async function start(): Promise<void> {
  const { hash } = globalThis.location
  const link = /^#[\w.-]{20,}$/.test(hash) ? hash.slice(1) : ''
  // A link in the address bar or the history is good for nothing any more, but need not be seen either.
  if (link !== '') history.replaceState(null, '', `${globalThis.location.pathname}#/`)
  route.value = partsOf(globalThis.location.hash)
  globalThis.addEventListener('hashchange', () => {
    route.value = partsOf(globalThis.location.hash)
  })
  if (link !== '') return signIn(link)
  session.value = await service.operator.session().catch(() => null)
}

/** In words; a session that has ended leads back to the sign-in. */
export function messageOf(error: unknown): string {
  if (error instanceof CohortError && (error.reason === 'token_invalid' || error.reason === 'token_missing'))
    session.value = null
  return error instanceof Error ? error.message : String(error)
}
