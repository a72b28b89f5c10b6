import { useState } from 'preact/hooks'
import type { Cohort, UserEraseAnswer, UserEraseInput } from '../../client/client.ts'
import { formatBytes, formatNumber, formatTime } from '../format.ts'
import { Action, Facts, Form, Problem, Table, useLoad } from '../parts.tsx'
import { pathTo } from '../session.ts'

interface OfUser {
  readonly api: Cohort
  readonly app_id: string
  readonly user_id: number
}

type Owned = NonNullable<UserEraseInput['owned']>

/** What happens to the groups that the user owns, as the form names it. */
const choices: Readonly<Record<string, Owned>> = {
  'go to another member': 'transfer',
  'are dissolved': 'dissolve',
}

/** To give a user what is known of it, and to erase it: what would go is shown first. */
export function ExportAndErase({ api, app_id, user_id }: OfUser) {
  const erasure = useLoad(() => api.user.erasure({ user_id }), [app_id, user_id])
  const [plan, setPlan] = useState<{ owned: Owned; would: UserEraseAnswer }>()
  const state = erasure.data?.state
  return (
    <>
      <h2>Export and erase</h2>
      <Problem text={erasure.problem} />
      {state === 'done' && <p>Was erased on {formatTime(erasure.data?.finished_at ?? 0)}.</p>}
      {state === 'running' && <p>Is being erased.</p>}
      <Action
        label="Export"
        run={async () => {
          save(await api.exportUser({ user_id }), `${app_id}-user-${user_id}.ndjson`)
          return `All that is known of ${user_id} is in the file.`
        }}
      />
      <Form
        submit="Show what would go"
        keepsValues
        fields={[{ name: 'owned', label: 'Groups that it owns', options: Object.keys(choices) }]}
        run={async ({ owned: choice = '' }) => {
          const owned = choices[choice] ?? 'refuse'
          setPlan({ owned, would: await api.user.erase({ user_id, owned, dry_run: true }) })
          return 'Nothing is erased yet.'
        }}
      />
      {plan !== undefined && (
        <>
          <Plan app_id={app_id} would={plan.would} />
          <Form
            submit="Erase"
            fields={[{ name: 'typed', label: `Type ${user_id} to erase it`, type: 'number', required: true }]}
            run={async ({ typed }) => {
              if (typed !== String(user_id)) throw new Error(`type ${user_id}, the id of the user`)
              await api.user.erase({ user_id, owned: plan.owned })
              setPlan(undefined)
              erasure.reload()
              return `${user_id} is being erased. This cannot be undone.`
            }}
          />
        </>
      )}
    </>
  )
}

function Plan({ app_id, would }: { readonly app_id: string; readonly would: UserEraseAnswer }) {
  return (
    <>
      <Facts
        facts={[
          ['Memberships', formatNumber(would.memberships)],
          ['Applications', formatNumber(would.applications)],
          ['Invitations got and sent', formatNumber(would.invitations + would.invitations_sent)],
          ['Bans', formatNumber(would.bans)],
          ['Blacklists', formatNumber(would.blacklisted)],
          ['Announcements', formatNumber(would.announcements)],
          ['Shared files', formatNumber(would.shared_files)],
          ['Stored files', `${formatNumber(would.files)}, ${formatBytes(would.bytes)}`],
        ]}
      />
      <Table
        caption="Groups that it owns"
        empty="It owns no group."
        rows={would.groups}
        columns={[
          {
            title: 'Group',
            cell: ({ group_id, name }) => (
              <a href={pathTo('apps', app_id, 'groups', group_id)}>{name || `group ${group_id}`}</a>
            ),
          },
          {
            title: 'Goes to',
            cell: ({ new_owner }) => (new_owner === 0 ? 'nobody: is dissolved' : new_owner),
          },
        ]}
      />
      {would.owned_groups > would.groups.length && (
        <p>{`and ${formatNumber(would.owned_groups - would.groups.length)} more.`}</p>
      )}
    </>
  )
}

/** Has the browser save the bytes as a file. */
function save(bytes: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(bytes)
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
