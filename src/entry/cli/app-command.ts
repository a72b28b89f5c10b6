import type { Executor } from '../../operation/executor.ts'
import { runTask } from '../../operation/task.ts'
import { appIdPattern, appSettings, settingsProblem } from '../../tenant/app.ts'
import { isEnded, withLinksEnded } from '../../tenant/ended.ts'
import { newApp } from '../../tenant/first-app.ts'
import { allApps, appRow, newSecret, type StoredApp, saveApp, settingsOf } from '../../tenant/registry.ts'
import { type Command, type Invocation, UsageError } from './command.ts'
import { withData } from './data.ts'

const settingLines = Object.entries(appSettings.shape).map(
  ([name, type]) =>
    `  ${name.padEnd(22)} ${type.description ?? ''} (default ${JSON.stringify(type.parse(undefined))})`,
)

export const appCommand: Command = {
  name: 'app',
  summary: 'create, list, show and change apps (tenants)',
  help: `Usage:
  cohort app create ID [--secret S]       create an app; prints its secret
  cohort app list                         print the ids of all apps
  cohort app show ID [--secrets]          print an app, its settings and its usage, as JSON
  cohort app set ID NAME=VALUE …          change settings; NAME= goes back to the default
  cohort app rotate-secret ID [--secret S] [--drop-old]
                                          a new secret signs from now on; the old ones stay good, or not, with --drop-old
  cohort app drop-old-secrets ID          only the newest secret stays good
  cohort app rotate-keys ID [--end-links | --drop-old]
                                          a new key signs cursors, QR codes, upload URLs and file signatures; what the old ones signed stays
                                          good; with --end-links only the download URLs of files, with --drop-old nothing of it
  cohort app drop-old-keys ID             only the newest key stays good: all older download URLs, QR codes, upload URLs and cursors end

Settings:
${settingLines.join('\n')}
  jwks_url               JWKS that signs the app's tokens instead of its secrets (default: none)
`,
  options: {
    app: { type: 'string' },
    secret: { type: 'string' },
    secrets: { type: 'boolean' },
    'drop-old': { type: 'boolean' },
    'end-links': { type: 'boolean' },
  },
  run(invocation) {
    const [action = '', positional, ...rest] = invocation.positionals
    const run = Object.hasOwn(actions, action) ? actions[action] : undefined
    if (run === undefined)
      throw new UsageError(action === '' ? 'what should be done?' : `there is no "app ${action}"`)
    // The id may stand after the verb or behind --app, as in `cohort token`.
    const named = invocation.options.app
    const app_id = typeof named === 'string' ? named : positional
    const words = typeof named === 'string' && positional !== undefined ? [positional, ...rest] : rest
    if (action !== 'list' && (app_id === undefined || !appIdPattern.test(app_id))) {
      throw new UsageError('the id of the app is missing, or is not 1 to 64 letters, digits, _ or -')
    }
    if (action === 'list' && app_id !== undefined) throw new UsageError(`unexpected argument "${app_id}"`)
    if (action !== 'set' && words.length > 0) throw new UsageError(`unexpected argument "${words[0]}"`)
    return withData(
      invocation.runtime,
      invocation.config,
      async executor => {
        await run({ invocation, executor, app_id: app_id ?? '', words })
        return 0
      },
      { create: action === 'create' },
    )
  },
}

interface Action {
  readonly invocation: Invocation
  readonly executor: Executor
  readonly app_id: string
  readonly words: readonly string[]
}

const change = (
  executor: Executor,
  app_id: string,
  next: (app: StoredApp) => StoredApp,
): Promise<StoredApp> =>
  runTask(
    executor,
    saveApp(app_id, stored => {
      if (stored === undefined)
        throw new UsageError(`there is no app "${app_id}"; cohort app list shows them`)
      return next(stored)
    }),
    Date.now(),
  )

function secretOption({ options }: Invocation): string | undefined {
  const secret = options.secret
  if (typeof secret !== 'string') return undefined
  if (secret.length < 16) throw new UsageError('--secret must be at least 16 characters')
  return secret
}

const actions: Readonly<Record<string, (action: Action) => Promise<void>>> = {
  async create({ invocation, executor, app_id }) {
    const app = newApp(app_id, secretOption(invocation))
    await runTask(
      executor,
      saveApp(app_id, stored => {
        if (stored !== undefined) throw new UsageError(`the app "${app_id}" exists already`)
        return app
      }),
      Date.now(),
    )
    invocation.print(`${app.secrets[0]?.secret}\n`)
  },

  async list({ invocation, executor }) {
    for (const { app_id } of await executor.read(allApps({}))) invocation.print(`${app_id}\n`)
  },

  async show({ invocation, executor, app_id }) {
    const [app] = await executor.read(appRow({ app_id }))
    if (app === undefined) throw new UsageError(`there is no app "${app_id}"; cohort app list shows them`)
    const shown = {
      app_id,
      created_at: new Date(app.app_created_at).toISOString(),
      jwks_url: app.jwks_url,
      secrets: app.secrets.map(({ kid, secret, created_at }) => ({
        kid,
        created_at: new Date(created_at).toISOString(),
        ...(invocation.options.secrets === true && { secret }),
      })),
      usage: { groups: app.group_count, file_bytes: app.file_bytes },
      settings: settingsOf(app.settings),
    }
    invocation.print(`${JSON.stringify(shown, null, 2)}\n`)
  },

  async set({ executor, app_id, words }) {
    if (words.length === 0) throw new UsageError('say what to set: NAME=VALUE')
    await change(executor, app_id, app => {
      const next = words.reduce(withSetting, app)
      const problem = settingsProblem(settingsOf(next.settings))
      if (problem !== undefined) throw new UsageError(problem)
      return next
    })
  },

  async 'rotate-secret'({ invocation, executor, app_id }) {
    const secret = newSecret(Date.now(), secretOption(invocation))
    const dropOld = invocation.options['drop-old'] === true
    await change(executor, app_id, app => {
      if (isEnded(app.ended, secret.secret)) throw new UsageError('this secret was ended: take another')
      return { ...app, secrets: [secret, ...(dropOld ? [] : app.secrets)] }
    })
    invocation.print(`${secret.secret}\n`)
  },

  async 'drop-old-secrets'({ executor, app_id }) {
    await change(executor, app_id, app => ({ ...app, secrets: app.secrets.slice(0, 1) }))
  },

  async 'rotate-keys'({ invocation, executor, app_id }) {
    const { 'drop-old': dropOld, 'end-links': endLinks } = invocation.options
    if (dropOld === true && endLinks === true)
      throw new UsageError('give --drop-old or --end-links, not both')
    await change(executor, app_id, app => {
      const fresh = newSecret(Date.now())
      if (endLinks === true) return { ...app, keys: withLinksEnded(app.keys, fresh) }
      return { ...app, keys: [fresh, ...(dropOld === true ? [] : app.keys)] }
    })
  },

  async 'drop-old-keys'({ executor, app_id }) {
    await change(executor, app_id, app => ({ ...app, keys: app.keys.slice(0, 1) }))
  },
}

function withSetting(app: StoredApp, word: string): StoredApp {
  const equals = word.indexOf('=')
  const name = word.slice(0, equals)
  const value = word.slice(equals + 1)
  if (equals < 1) throw new UsageError(`"${word}" is not NAME=VALUE`)
  if (name === 'jwks_url') {
    if (value !== '' && !(/^https?:\/\//.test(value) && URL.canParse(value)))
      throw new UsageError('jwks_url must be an http or https URL')
    return { ...app, jwks_url: value }
  }
  const type = Object.hasOwn(appSettings.shape, name)
    ? appSettings.shape[name as keyof typeof appSettings.shape]
    : undefined
  if (type === undefined) throw new UsageError(`there is no setting "${name}"`)
  const { [name]: _, ...others } = app.settings
  if (value === '') return { ...app, settings: others }
  const meant =
    typeof type.parse(undefined) === 'string'
      ? value
      : value === 'true'
        ? true
        : value === 'false'
          ? false
          : Number(value)
  const parsed = type.safeParse(meant)
  if (!parsed.success) throw new UsageError(`${name}: ${parsed.error.issues[0]?.message ?? 'is wrong'}`)
  return { ...app, settings: { ...others, [name]: parsed.data } }
}
