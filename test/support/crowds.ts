import { type Answer, callers, newUsers } from './client.ts'
import type { Tenant, User } from './groups.ts'
import type { Instance } from './target.ts'

/** An app of its own, without limits on how fast one may call. */
export async function newTenant(
  instance: Instance,
  app_id: string,
  settings: Readonly<Record<string, boolean | number | string>> = {},
): Promise<Tenant> {
  return { app_id, secret: await instance.createApp(app_id, { rate_user_per_second: 0, ...settings }) }
}

/** So many new users. */
export async function crowd(
  instance: Instance,
  count: number,
  { app_id, secret }: Tenant = instance,
): Promise<User[]> {
  const { as } = callers(instance, app_id, secret)
  return Promise.all(newUsers(count).map(async id => Object.assign(await as(id), { id })))
}

/** Sends one request for each of the list, all before the first is answered. */
export const atOnce = <T>(
  list: readonly T[],
  send: (item: T, index: number) => Promise<Answer>,
): Promise<Answer[]> => Promise.all(list.map(send))

/** `0 … count - 1`. */
export const times = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** How many answers have which code. */
export function codesOf(answers: readonly Answer[]): Record<number, number> {
  const codes: Record<number, number> = {}
  for (const { code } of answers) codes[code] = (codes[code] ?? 0) + 1
  return codes
}

/**
 * Those whose answers say success: code 200, and where the data is a result, or a list with one, that says so
 * too.
 */
export const winners = <T>(list: readonly T[], answers: readonly Answer[]): T[] =>
  list.filter((_, i) => answers[i] !== undefined && won(answers[i]))

export function won({ code, data }: Answer): boolean {
  if (code !== 200) return false
  const { result } = Array.isArray(data) ? data[0] : data
  return result === undefined || result === 'success'
}

/** The reasons of those items that failed, of answers about one user each. */
export const reasonsOf = (answers: readonly Answer[]): Set<string> =>
  new Set(answers.filter(answer => answer.code === 200 && !won(answer)).map(answer => answer.data[0].reason))
