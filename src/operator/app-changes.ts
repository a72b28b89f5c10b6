import { eq } from 'drizzle-orm'
import * as z from 'zod'
import { type Bound, db, query } from '../db/query.ts'
import { deletedApps } from '../db/schema-operator.ts'
import { Refusal, refuse } from '../operation/errors.ts'
import { boolean } from '../operation/fields.ts'
import { type Call, type Described, type Input, type Operation, operation } from '../operation/operation.ts'
import { appSettings, settingsProblem } from '../tenant/app.ts'
import { newApp } from '../tenant/first-app.ts'
import { appRow, newSecret, type StoredApp, saveApp, settingsOf } from '../tenant/registry.ts'
import { appId, keyShape } from './apps.ts'

/*
 * Making and changing apps, for the operator. A running service sees a change within a second (five on
 * Workers).
 */

/** The app as it is to be saved, and the data of the answer. */
interface Change<Out> {
  readonly app: StoredApp
  readonly data: Out
}

/** An operation that changes the app with the `app_id` of the input. */
function appChange<Shape extends z.ZodRawShape, Out>(
  o: Omit<Described<Shape, Out, false>, 'methods'> & {
    change(app: StoredApp, call: Call<Input<Shape>>): Change<Out> | Refusal
  },
): Operation<Shape, Out> {
  const appOf = ({ input }: { readonly input: unknown }) => (input as { app_id: string }).app_id
  return operation({
    ...o,
    methods: ['POST'],
    tag: 'operator',
    who: 'operator',
    writes: true,
    reads: (call): readonly Bound[] => [appRow({ app_id: appOf(call) })],
    decide(call, rows) {
      let data: Out | undefined
      const saved = saveApp(appOf(call), stored => {
        if (stored === undefined) return refuse('app_not_found')
        const changed = o.change(stored, call as Call<Input<Shape>>)
        if (changed instanceof Refusal) return changed
        data = changed.data
        return changed.app
      }).decide(call, rows)
      // If the app was saved, `change` was called and has set `data`.
      return saved instanceof Refusal ? saved : { ...saved, data: data as Out }
    },
  })
}

const secretText = z
  .string({ error: 'must be at least 16 characters' })
  .min(16, { error: 'must be at least 16 characters' })
  .max(1024, { error: 'must be at most 1024 characters' })

const deleted = query<{ app_id: string }>()(p =>
  db.select({ deleted_at: deletedApps.deleted_at }).from(deletedApps).where(eq(deletedApps.app_id, p.app_id)),
)

export const createApp = operation({
  id: 'post__operator_app_create',
  methods: ['POST'],
  path: '/operator/app/create',
  title: 'Create an app',
  description: 'Answers its secret, which signs its tokens. It is shown here and never again.',
  tag: 'operator',
  who: 'operator',
  writes: true,
  input: z.object({
    app_id: appId,
    secret: secretText.optional().describe('its secret; default: a new one of 256 bits'),
  }),
  answer: z.object({ app_id: z.string(), kid: z.string(), secret: z.string() }),
  reads: ({ input: { app_id } }) => [appRow({ app_id }), deleted({ app_id })],
  decide(call, [[existing], [going]]) {
    const { app_id, secret } = call.input
    if (existing !== undefined) return refuse('invalid_parameter', 'app_id is that of an app that exists')
    if (going !== undefined)
      return refuse(
        'invalid_parameter',
        'app_id is that of an app that is still being removed: try again later',
      )
    const app = newApp(app_id, secret)
    const saved = saveApp(app_id, () => app).decide(call, [[]])
    const [made] = app.secrets
    if (saved instanceof Refusal || made === undefined) return refuse('database_failed')
    return { ...saved, data: { app_id, kid: made.kid, secret: made.secret } }
  },
})

/** Every setting may be given: a value sets it, and null sets it back to its default. */
const settingChanges = z.strictObject(
  Object.fromEntries(
    Object.entries(appSettings.shape).map(([name, type]) => [
      name,
      type
        .unwrap()
        .nullable()
        .optional()
        .describe(type.description ?? ''),
    ]),
  ),
)

const jwksUrl = z
  .string({ error: 'must be an http or https URL, or empty' })
  .max(2048, { error: 'must be at most 2048 characters' })
  .refine(value => value === '' || (/^https?:\/\//.test(value) && URL.canParse(value)), {
    error: 'must be an http or https URL, or empty',
  })

export const changeSettings = appChange({
  id: 'post__operator_app_settings',
  path: '/operator/app/settings',
  title: 'Change the settings of an app',
  description: 'What is not sent stays as it is; null goes back to the default.',
  input: z.object({
    app_id: appId,
    settings: settingChanges.default({}),
    jwks_url: jwksUrl
      .optional()
      .describe("where the keys are that sign the app's tokens, instead of its secrets; '' for its secrets"),
  }),
  answer: appSettings,
  change: (app, { input }) => {
    const next: Record<string, unknown> = { ...app.settings }
    for (const [name, value] of Object.entries(input.settings)) {
      if (value === null) delete next[name]
      else if (value !== undefined) next[name] = value
    }
    const settings = settingsOf(next)
    const problem = settingsProblem(settings)
    if (problem !== undefined) return refuse('invalid_parameter', problem)
    return { app: { ...app, settings: next, jwks_url: input.jwks_url ?? app.jwks_url }, data: settings }
  },
})

const rotated = z.object({
  kid: z.string().describe('names the new one'),
  secret: z.string().describe('shown here and never again'),
  good: z.array(keyShape).describe('all that are good now, the newest first'),
})
const shown = (keys: StoredApp['secrets']) => keys.map(({ kid, created_at }) => ({ kid, created_at }))

export const rotateSecret = appChange({
  id: 'post__operator_app_secret_rotate',
  path: '/operator/app/secret/rotate',
  title: 'Give an app a new secret',
  description: 'It signs from now on. The old ones stay good until they are ended, or end at once.',
  input: z.object({
    app_id: appId,
    secret: secretText.optional().describe('the new secret; default: a new one of 256 bits'),
    end_old: boolean.default(false).describe('all tokens that the old secrets signed end at once'),
  }),
  answer: rotated,
  change: (app, { input: { secret, end_old }, now }) => {
    const made = newSecret(now, secret)
    const secrets = [made, ...(end_old ? [] : app.secrets)]
    return { app: { ...app, secrets }, data: { kid: made.kid, secret: made.secret, good: shown(secrets) } }
  },
})

export const rotateKey = appChange({
  id: 'post__operator_app_key_rotate',
  path: '/operator/app/key/rotate',
  title: 'Give an app a new signing key',
  description:
    'It signs cursors, QR codes, file signatures and upload URLs from now on. What the old ones signed stays good until they are ended.',
  input: z.object({ app_id: appId }),
  answer: rotated.omit({ secret: true }),
  change: (app, { now }) => {
    const made = newSecret(now)
    const keys = [made, ...app.keys]
    return { app: { ...app, keys }, data: { kid: made.kid, good: shown(keys) } }
  },
})

const kid = z.string({ error: 'must be the kid of a key' }).min(1).max(64).describe('which')

/** All keys but the one of this name. The last key cannot be removed. */
function without(keys: StoredApp['secrets'], name: string): StoredApp['secrets'] | Refusal {
  const left = keys.filter(key => key.kid !== name)
  if (left.length === keys.length) return refuse('invalid_parameter', 'kid names none of this app')
  return left.length === 0
    ? refuse('invalid_parameter', 'kid names the only one that this app has: rotate first')
    : left
}

export const endSecret = appChange({
  id: 'post__operator_app_secret_end',
  path: '/operator/app/secret/end',
  title: 'End a secret of an app',
  description: 'Every token that it signed ends, too.',
  input: z.object({ app_id: appId, kid }),
  answer: z.array(keyShape).describe('all that are good now'),
  change: (app, { input }) => {
    const secrets = without(app.secrets, input.kid)
    return secrets instanceof Refusal ? secrets : { app: { ...app, secrets }, data: shown(secrets) }
  },
})

export const endKey = appChange({
  id: 'post__operator_app_key_end',
  path: '/operator/app/key/end',
  title: 'End a signing key of an app',
  description: 'Every cursor, QR code, file signature and upload URL that it signed ends, too.',
  input: z.object({ app_id: appId, kid }),
  answer: z.array(keyShape).describe('all that are good now'),
  change: (app, { input }) => {
    const keys = without(app.keys, input.kid)
    return keys instanceof Refusal ? keys : { app: { ...app, keys }, data: shown(keys) }
  },
})
