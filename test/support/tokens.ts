import { type Answer, Client, newAddress, signToken } from './client.ts'
import type { Instance } from './target.ts'

/** Seconds since 1970, as in a token. */
export const now = (): number => Math.floor(Date.now() / 1000)
export const hour = 3600

/** What a token may claim, right or wrong; undefined leaves it out. */
export type Claims = Readonly<Record<string, unknown>>

/** The same length, another text. */
export const changed = (text: string, at: number): string =>
  text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)

export function tokenTrials(instance: () => Instance) {
  return {
    /** A read that every user may make, from an address of its own. */
    tryToken(
      token: string,
      headers: Readonly<Record<string, string>> = {},
      app_id = instance().app_id,
    ): Promise<Answer> {
      const credential = token === '' ? {} : { 'access-token': token }
      return new Client(instance(), { app_id, ...credential, ...newAddress(), ...headers }).get(
        '/group/user_joined',
      )
    },
    /** The claims of a good token of user 7. */
    good: (app = instance().app_id) => ({ app, sub: '7', role: 1, iat: now(), exp: now() + hour }),
    /** Signed with the secret of the instance's own app. */
    signed: (claims: Claims, alg?: string): Promise<string> => signToken(instance().secret, claims, alg),
  }
}
