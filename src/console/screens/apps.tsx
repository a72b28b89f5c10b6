import { useState } from 'preact/hooks'
import { formatBytes, formatNumber, formatTime } from '../format.ts'
import { Action, Facts, Form, PagedTable, Problem, Secret, Table, useLoad } from '../parts.tsx'
import { pathTo, service } from '../session.ts'

export function Apps() {
  const [turn, setTurn] = useState(0)
  const [secret, setSecret] = useState('')
  return (
    <>
      <h1>Apps</h1>
      <PagedTable
        caption="Apps"
        keys={[turn]}
        list={() => service.operator.apps()}
        columns={[
          { title: 'App', cell: app => <a href={pathTo('apps', app.app_id)}>{app.app_id}</a> },
          { title: 'Groups', numeric: true, cell: app => formatNumber(app.groups) },
          { title: 'Files', numeric: true, cell: app => formatBytes(app.file_bytes) },
          { title: 'Created', cell: app => formatTime(app.created_at) },
        ]}
      />
      <h2>New app</h2>
      <Form
        submit="Create"
        fields={[{ name: 'app_id', label: 'Id: letters, digits, _ or -', required: true }]}
        run={async ({ app_id = '' }) => {
          const made = await service.operator.createApp({ app_id })
          setSecret(made.secret)
          setTurn(turn + 1)
          return `The app ${app_id} is there.`
        }}
      />
      <Secret label="The app's secret signs its tokens." value={secret} />
    </>
  )
}

export function App({ app_id }: { readonly app_id: string }) {
  const app = useLoad(() => service.operator.app({ app_id }), [app_id])
  const [secret, setSecret] = useState('')
  const shown = app.data
  return (
    <>
      <h1>{app_id}</h1>
      <AppLinks app_id={app_id} here="app" />
      <Problem text={app.problem} />
      {shown !== undefined && (
        <>
          <Facts
            facts={[
              ['Created', formatTime(shown.created_at)],
              ['Groups', formatNumber(shown.groups)],
              ['Files', formatBytes(shown.file_bytes)],
              ['Tokens signed by', shown.jwks_url || 'the secrets below'],
            ]}
          />
          <h2>Secrets</h2>
          <p>They sign the app's tokens. All of them are good; the newest signs.</p>
          <Keys
            keys={shown.secrets}
            what="secret"
            end={async kid => {
              await service.operator.endSecret({ app_id, kid })
              app.reload()
            }}
          />
          <Action
            label="New secret"
            run={async () => {
              setSecret((await service.operator.rotateSecret({ app_id })).secret)
              app.reload()
              return 'A new secret signs from now on; the old ones are still good.'
            }}
          />
          <Secret label="The new secret." value={secret} />
          <h2>Signing keys</h2>
          <p>They sign cursors, QR codes, file signatures and upload URLs. They never leave the service.</p>
          <Keys
            keys={shown.keys}
            what="key"
            end={async kid => {
              await service.operator.endKey({ app_id, kid })
              app.reload()
            }}
          />
          <Action
            label="New key"
            run={async () => {
              await service.operator.rotateKey({ app_id })
              app.reload()
              return 'A new key signs from now on; what the old ones signed is still good.'
            }}
          />
          <Tokens app_id={app_id} />
          <h2>Settings</h2>
          <Settings app_id={app_id} settings={shown.settings} changed={shown.changed} reload={app.reload} />
          <DeleteApp app_id={app_id} />
        </>
      )}
    </>
  )
}

export function AppLinks({ app_id, here }: { readonly app_id: string; readonly here: string }) {
  const links = ['app', 'groups', 'users', 'files', 'moderation', 'events', 'audit', 'webhooks']
  return (
    <nav class="tabs" aria-label={`App ${app_id}`}>
      {links.map(name => (
        <a
          key={name}
          href={name === 'app' ? pathTo('apps', app_id) : pathTo('apps', app_id, name)}
          aria-current={name === here ? 'page' : undefined}
        >
          {name === 'app' ? 'Settings' : name.charAt(0).toUpperCase() + name.slice(1)}
        </a>
      ))}
    </nav>
  )
}

interface KeysProps {
  readonly keys: readonly { readonly kid: string; readonly created_at: number }[]
  readonly what: string
  end(kid: string): Promise<void>
}

function Keys({ keys, what, end }: KeysProps) {
  return (
    <Table
      caption={`The app's ${what}s`}
      rows={keys}
      columns={[
        { title: 'Name', cell: key => <code>{key.kid}</code> },
        { title: 'Since', cell: key => formatTime(key.created_at) },
        {
          title: 'End it',
          cell: key => (
            <Action
              label={`End ${key.kid}`}
              danger
              disabled={keys.length === 1}
              ask={`Everything that the ${what} ${key.kid} signed ends with it. This cannot be undone.`}
              run={async () => {
                await end(key.kid)
                return `The ${what} ${key.kid} has ended.`
              }}
            />
          ),
        },
      ]}
    />
  )
}

function Tokens({ app_id }: { readonly app_id: string }) {
  const [token, setToken] = useState('')
  return (
    <>
      <h2>A token to try with</h2>
      <Form
        submit="Sign"
        fields={[{ name: 'user_id', label: 'User id; empty: an administrator', type: 'number' }]}
        run={async ({ user_id = '' }) => {
          const input = user_id === '' ? { app_id } : { app_id, user_id: Number(user_id) }
          setToken((await service.operator.token(input)).token)
          return 'The token is good for an hour.'
        }}
      />
      <Secret label="The token." value={token} />
    </>
  )
}

interface SettingsProps {
  readonly app_id: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly changed: readonly string[]
  reload(): void
}

function Settings({ app_id, settings, changed, reload }: SettingsProps) {
  const parsed = (value: string) =>
    value === '' ? null : value === 'true' ? true : value === 'false' ? false : Number(value)
  return (
    <>
      <Table
        caption="Settings"
        rows={Object.entries(settings)}
        columns={[
          { title: 'Setting', cell: ([name]) => <code>{name}</code> },
          { title: 'Value', cell: ([, value]) => String(value) },
          { title: 'Default', cell: ([name]) => (changed.includes(name) ? 'changed' : 'default') },
        ]}
      />
      <Form
        submit="Change"
        fields={[
          { name: 'name', label: 'Setting', options: Object.keys(settings) },
          { name: 'value', label: 'Value; empty: its default' },
        ]}
        run={async ({ name = '', value = '' }) => {
          await service.operator.changeSettings({ app_id, settings: { [name]: parsed(value) } })
          reload()
          return `${name} is ${value === '' ? 'its default' : value} now.`
        }}
      />
    </>
  )
}

function DeleteApp({ app_id }: { readonly app_id: string }) {
  const extent = useLoad(() => service.operator.deleteApp({ app_id }), [app_id])
  const all = extent.data
  return (
    <>
      <h2>Delete this app</h2>
      {all !== undefined && (
        <p>
          With it go {formatNumber(all.groups)} groups, {formatNumber(all.users)} users,{' '}
          {formatNumber(all.memberships)} memberships and {formatNumber(all.files)} files of{' '}
          {formatBytes(all.file_bytes)}.
        </p>
      )}
      <Action
        label="Delete app"
        danger
        ask={`Delete ${app_id} with all its groups, users and files? Only a backup brings them back.`}
        run={async () => {
          await service.operator.deleteApp({ app_id, dry_run: false })
          globalThis.location.hash = pathTo('apps')
          return `The app ${app_id} is deleted; what it stored is removed in the background.`
        }}
      />
    </>
  )
}
