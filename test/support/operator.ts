import { Cohort } from '../../src/client/client.ts'
import { Client, signToken } from './client.ts'
import type { Instance } from './target.ts'

type Operated = Pick<Instance, 'url' | 'app_id' | 'secret' | 'operatorSecret'>

/** A token of the operator, good for an hour unless `exp` (seconds since 1970) is given. */
export const operatorToken = (
  { operatorSecret }: Pick<Instance, 'operatorSecret'>,
  claims: { readonly exp?: number; readonly jti?: string } = {},
): Promise<string> =>
  signToken(operatorSecret, { role: 3, exp: Math.floor(Date.now() / 1000) + 3600, ...claims })

/** Calls as the operator, over plain HTTP; `app_id` for what an administrator of that app may. */
export const operatorOf = async (instance: Operated, app_id?: string): Promise<Client> =>
  new Client(instance, {
    ...(app_id !== undefined && { app_id }),
    'access-token': await operatorToken(instance),
  })

/** The typed client of the operator; `app` for what an administrator of that app may. */
export const operatorClient = async (instance: Operated, app = instance.app_id): Promise<Cohort> =>
  new Cohort({ url: instance.url, app, token: await operatorToken(instance) })

/** The typed client of an administrator of the instance's app. */
export const administratorClient = async ({ url, app_id, secret }: Operated): Promise<Cohort> =>
  new Cohort({ url, app: app_id, token: await signToken(secret, { app: app_id, role: 2 }) })
