import { useState } from 'preact/hooks'
import { formatBytes, formatEnd, formatNumber, formatTime, roleName } from '../format.ts'
import { Facts, Form, PagedTable, Problem, useLoad } from '../parts.tsx'
import { appClient, pathTo } from '../session.ts'
import { AppLinks } from './apps.tsx'
import { ExportAndErase } from './erase-user.tsx'
import { FileTable } from './files.tsx'

export function Users({ app_id }: { readonly app_id: string }) {
  const [sort, setSort] = useState<'id' | 'bytes'>('id')
  return (
    <>
      <h1>{app_id}: users</h1>
      <AppLinks app_id={app_id} here="users" />
      <Form
        submit="Open"
        fields={[{ name: 'user_id', label: 'User id', type: 'number', required: true }]}
        run={async ({ user_id = '' }) => {
          globalThis.location.hash = pathTo('apps', app_id, 'users', user_id)
          return `User ${user_id}.`
        }}
      />
      <label>
        <span>Order</span>
        <select
          value={sort}
          onChange={event => setSort(event.currentTarget.value === 'bytes' ? 'bytes' : 'id')}
        >
          <option value="id">by id</option>
          <option value="bytes">most stored bytes</option>
        </select>
      </label>
      <PagedTable
        caption="Users"
        keys={[app_id, sort]}
        list={() => appClient(app_id).admin.users({ sort })}
        columns={[
          {
            title: 'User',
            cell: user => <a href={pathTo('apps', app_id, 'users', user.user_id)}>{user.user_id}</a>,
          },
          { title: 'Groups joined', numeric: true, cell: user => formatNumber(user.groups_joined) },
          { title: 'created', numeric: true, cell: user => formatNumber(user.groups_created) },
          { title: 'Files', numeric: true, cell: user => formatBytes(user.file_bytes) },
        ]}
      />
    </>
  )
}

export function User({ app_id, user_id }: { readonly app_id: string; readonly user_id: number }) {
  const api = appClient(app_id)
  const user = useLoad(() => api.admin.user({ user_id }), [app_id, user_id])
  const shown = user.data
  return (
    <>
      <h1>User {user_id}</h1>
      <AppLinks app_id={app_id} here="users" />
      <Problem text={user.problem} />
      {shown !== undefined && (
        <Facts
          facts={[
            ['Groups joined', formatNumber(shown.groups_joined)],
            ['Groups created', formatNumber(shown.groups_created)],
            ['Files', formatBytes(shown.file_bytes)],
            [
              'Invitations',
              shown.group_confirm === null
                ? 'as the app says'
                : shown.group_confirm
                  ? 'asks for consent'
                  : 'joins at once',
            ],
          ]}
        />
      )}
      <h2>Groups</h2>
      <PagedTable
        caption="Groups of this user"
        empty="In no group."
        keys={[app_id, user_id]}
        list={() => api.admin.userGroups({ user_id })}
        columns={[
          {
            title: 'Group',
            cell: group => (
              <a href={pathTo('apps', app_id, 'groups', group.group_id)}>
                {group.name || `group ${group.group_id}`}
              </a>
            ),
          },
          { title: 'Role', cell: group => roleName(group.role) },
          { title: 'Name there', cell: group => group.display_name },
          { title: 'Since', cell: group => formatTime(group.joined_at) },
          { title: 'Banned until', cell: group => formatEnd(group.ban_until) },
        ]}
      />
      <h2>Files</h2>
      <FileTable api={api} app_id={app_id} input={{ user_id }} />
      <ExportAndErase key={user_id} api={api} app_id={app_id} user_id={user_id} />
    </>
  )
}
