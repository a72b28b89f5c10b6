import { useState } from 'preact/hooks'
import { formatNumber, formatTime, groupType } from '../format.ts'
import { PagedTable } from '../parts.tsx'
import { appClient, pathTo } from '../session.ts'
import { AppLinks } from './apps.tsx'

const orders = ['newest', 'name', 'size', 'owner'] as const

export function Groups({ app_id }: { readonly app_id: string }) {
  const [sort, setSort] = useState<(typeof orders)[number]>('newest')
  const [name, setName] = useState('')
  return (
    <>
      <h1>{app_id}: groups</h1>
      <AppLinks app_id={app_id} here="groups" />
      <div class="row">
        <label>
          <span>Name begins with</span>
          <input
            type="search"
            value={name}
            maxLength={64}
            onInput={event => setName(event.currentTarget.value)}
          />
        </label>
        <label>
          <span>Order</span>
          <select
            value={sort}
            disabled={name !== ''}
            onChange={event => setSort(orders.find(order => order === event.currentTarget.value) ?? 'newest')}
          >
            {orders.map(order => (
              <option key={order}>{order}</option>
            ))}
          </select>
        </label>
      </div>
      <PagedTable
        caption="Groups"
        keys={[app_id, sort, name]}
        empty={name === '' ? 'No group yet.' : 'No group of such a name.'}
        list={() => appClient(app_id).admin.groups({ sort, name })}
        columns={[
          {
            title: 'Group',
            cell: group => (
              <a href={pathTo('apps', app_id, 'groups', group.group_id)}>
                {group.name || `group ${group.group_id}`}
              </a>
            ),
          },
          { title: 'Members', numeric: true, cell: group => formatNumber(group.count) },
          {
            title: 'Owner',
            cell: group => <a href={pathTo('apps', app_id, 'users', group.owner_id)}>{group.owner_id}</a>,
          },
          { title: 'Type', cell: group => groupType(group.type) },
          { title: 'Created', cell: group => formatTime(group.created_at) },
        ]}
      />
    </>
  )
}
