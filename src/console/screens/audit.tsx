import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { kinds } from '../../events/event.ts'
import { formatTime } from '../format.ts'
import { Form, PagedTable } from '../parts.tsx'
import { appClient, pathTo } from '../session.ts'
import { AppLinks } from './apps.tsx'

interface Filter {
  readonly actor?: number
  readonly subject?: number
  readonly group_id?: number
  readonly kinds?: string
  readonly from?: number
  readonly to?: number
}

const anyKind = 'any'
const fields = [
  { name: 'actor', label: 'Who did it: user id', type: 'number' },
  { name: 'subject', label: 'To whom: user id', type: 'number' },
  { name: 'group_id', label: 'Group id', type: 'number' },
  { name: 'kinds', label: 'What', options: [anyKind, ...Object.keys(kinds).sort()] },
  { name: 'from', label: 'First day', type: 'date' },
  { name: 'to', label: 'Last day', type: 'date' },
] as const

/** The beginning of a day here, milliseconds since 1970; `days` later. */
const dayOf = (text: string, days = 0): number => {
  const [year = 0, month = 1, day = 1] = text.split('-').map(Number)
  return new Date(year, month - 1, day + days).getTime()
}

const filterOf = ({
  actor,
  subject,
  group_id,
  kinds,
  from,
  to,
}: Readonly<Record<string, string>>): Filter => ({
  ...(actor && { actor: Number(actor) }),
  ...(subject && { subject: Number(subject) }),
  ...(group_id && { group_id: Number(group_id) }),
  ...(kinds !== anyKind && kinds && { kinds }),
  ...(from && { from: dayOf(from) }),
  ...(to && { to: dayOf(to, 1) }),
})

/** Who did what in an app. */
export function Audit({ app_id }: { readonly app_id: string }) {
  const [filter, setFilter] = useState<Filter>({})
  const user = (id: number) => <a href={pathTo('apps', app_id, 'users', id)}>{id}</a>
  return (
    <>
      <h1>{app_id}: audit</h1>
      <AppLinks app_id={app_id} here="audit" />
      <p>
        Who did what, the newest first. <code>cohort audit export</code> writes all of it to a file, and{' '}
        <code>cohort audit verify</code> shows whether somebody changed it.
      </p>
      <Form
        submit="Show"
        keepsValues
        fields={fields}
        run={async values => {
          const next = filterOf(values)
          setFilter(next)
          return Object.keys(next).length === 0 ? 'All is shown.' : 'Only what fits is shown.'
        }}
      />
      <PagedTable
        caption="Audit trail"
        empty="Nothing that fits."
        isCounted={false}
        keys={[app_id, filter]}
        list={() => appClient(app_id).admin.audit({ ...filter, limit: 50 })}
        columns={[
          { title: 'What', cell: event => event.kind },
          {
            title: 'Who',
            cell: ({ by_id, acting }) => whoOf(acting, by_id === null ? undefined : user(by_id)),
          },
          { title: 'When', cell: event => <span class="one-line">{formatTime(event.at)}</span> },
          { title: 'To', cell: event => subjectsOf(event).map(id => <span key={id}>{user(id)} </span>) },
          {
            title: 'Group',
            cell: ({ group_id }) =>
              group_id !== null && <a href={pathTo('apps', app_id, 'groups', group_id)}>{group_id}</a>,
          },
          { title: 'Details', cell: event => detailsOf(event) },
          {
            title: 'Key, request, address',
            cell: ({ key_id, request, ip }) => <code>{[key_id, request, ip].filter(Boolean).join(' ')}</code>,
          },
        ]}
      />
    </>
  )
}

/** Who acted: a user, or something that acted for nobody in particular. */
export function whoOf(acting: string, user: ComponentChildren) {
  if (acting === 'administrator_as_user') return <>an administrator as {user}</>
  return user ?? (acting === 'service' ? 'the service' : 'an administrator')
}

const mostSubjects = 5

/** The first users that the event happened to. */
export function subjectsOf(event: object): readonly number[] {
  const { users } = event as { readonly users?: readonly number[] }
  return (users ?? []).slice(0, mostSubjects)
}

/** Fields that have a column, and those that say nothing to a person. */
const shownElsewhere: readonly string[] = [
  'cursor',
  'seq',
  'at',
  'kind',
  'group_id',
  'group_version',
  'by_id',
  'acting',
  'key_id',
  'request',
  'ip',
]
const maxDetails = 120

/** What else the event says. */
function detailsOf(event: object): string {
  const { users = [], ...others } = event as { readonly users?: readonly number[] }
  const rest = Object.entries(others).filter(([name]) => !shownElsewhere.includes(name))
  const parts = rest.map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  if (users.length > mostSubjects) parts.unshift(`${users.length} users`)
  const text = parts.join(', ')
  return text.length > maxDetails ? `${text.slice(0, maxDetails)} …` : text
}
