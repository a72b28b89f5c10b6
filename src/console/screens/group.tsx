import { useState } from 'preact/hooks'
import type { Cohort } from '../../client/client.ts'
import { formatBytes, formatEnd, formatNumber, formatTime, groupType } from '../format.ts'
import { Action, Facts, Form, PagedTable, Problem, useLoad } from '../parts.tsx'
import { appClient, pathTo } from '../session.ts'
import { AppLinks } from './apps.tsx'
import { subjectsOf, whoOf } from './audit.tsx'

interface OfGroup {
  readonly api: Cohort
  readonly app_id: string
  readonly group_id: number
}

/** A group with everything that its owner may do. */
export function Group({ app_id, group_id }: { readonly app_id: string; readonly group_id: number }) {
  const api = appClient(app_id)
  const info = useLoad(() => api.group.info({ group_id }), [app_id, group_id])
  const group = info.data
  const of = { api, app_id, group_id }
  return (
    <>
      <h1>{group?.name || `Group ${group_id}`}</h1>
      <AppLinks app_id={app_id} here="groups" />
      <Problem text={info.problem} />
      {group !== undefined && (
        <>
          <Facts
            facts={[
              ['Id', group_id],
              ['Type', groupType(group.type)],
              ['Owner', <a href={pathTo('apps', app_id, 'users', group.owner_id)}>{group.owner_id}</a>],
              ['Members', `${formatNumber(group.count)} of ${formatNumber(group.capacity)}`],
              ['Description', group.description || 'none'],
              ['Created', formatTime(group.created_at)],
              [
                'All banned until',
                formatEnd(group.ban_expire_time > 0 ? group.ban_expire_time * 1000 : group.ban_expire_time) ||
                  'not banned',
              ],
            ]}
          />
          <Form
            submit="Rename"
            fields={[{ name: 'value', label: 'Name', value: group.name, required: true }]}
            run={async ({ value = '' }) => {
              await api.group.setName({ group_id, value })
              info.reload()
              return `The group is called ${value} now.`
            }}
          />
          <Members {...of} owner_id={group.owner_id} reload={info.reload} turn={group.count} />
          <Applications {...of} />
          <Invitations {...of} />
          <Blacklist {...of} />
          <Announcements {...of} />
          <SharedFiles {...of} />
          <History {...of} />
          <h2>Dissolve</h2>
          <Action
            label="Dissolve group"
            danger
            ask={`Dissolve ${group.name || group_id}? Its ${group.count} members lose it at once. This cannot be undone.`}
            run={async () => {
              await api.group.destroy({ group_id })
              globalThis.location.hash = pathTo('apps', app_id, 'groups')
              return 'The group is dissolved.'
            }}
          />
        </>
      )}
    </>
  )
}

function UserLink({ app_id, user_id }: { readonly app_id: string; readonly user_id: number }) {
  return <a href={pathTo('apps', app_id, 'users', user_id)}>{user_id}</a>
}

function Members({
  api,
  app_id,
  group_id,
  owner_id,
  reload,
  turn,
}: OfGroup & { readonly owner_id: number; reload(): void; readonly turn: number }) {
  const admins = useLoad(() => api.group.admins({ group_id }), [group_id, turn])
  const [changes, setChanges] = useState(0)
  const again = () => {
    setChanges(n => n + 1)
    admins.reload()
    reload()
  }
  const roleOf = (user_id: number) => {
    if (user_id === owner_id) return 'owner'
    return admins.data?.some(admin => admin.user_id === user_id) ? 'admin' : 'member'
  }
  return (
    <>
      <h2>Members</h2>
      <PagedTable
        caption="Members"
        keys={[group_id, turn, changes]}
        list={() => api.group.members({ group_id, limit: 50 })}
        columns={[
          {
            title: 'User',
            cell: member => <UserLink app_id={app_id} user_id={member.user_id} />,
          },
          { title: 'Name', cell: member => member.display_name },
          { title: 'Role', cell: member => roleOf(member.user_id) },
          { title: 'Banned until', cell: member => formatEnd(member.expired_time) },
          {
            title: 'Do',
            cell: ({ user_id, expired_time }) => (
              <div class="row">
                <Action
                  label={expired_time === 0 ? `Ban ${user_id} for a day` : `Unban ${user_id}`}
                  run={async () => {
                    const user_list = [user_id]
                    if (expired_time === 0) await api.group.ban({ group_id, user_list, duration: 1440 })
                    else await api.group.unban({ group_id, user_list })
                    again()
                    return expired_time === 0
                      ? `${user_id} may not send for a day.`
                      : `${user_id} may send again.`
                  }}
                />
                <Action
                  label={`Kick ${user_id}`}
                  danger
                  ask={`Remove ${user_id} from this group?`}
                  run={async () => {
                    const [result] = await api.group.kick({ group_id, user_list: [user_id] })
                    again()
                    return result?.result === 'success'
                      ? `${user_id} is no member any more.`
                      : (result?.reason ?? '')
                  }}
                />
              </div>
            ),
          },
        ]}
      />
      <Form
        submit="Invite"
        fields={[{ name: 'user_id', label: 'User id', type: 'number', required: true }]}
        run={async ({ user_id = '' }) => {
          const [result] = await api.group.invite({ group_id, user_list: [Number(user_id)] })
          again()
          return result?.result === 'success' ? `${user_id} is invited.` : `${user_id}: ${result?.reason}`
        }}
      />
    </>
  )
}

function Applications({ api, app_id, group_id }: OfGroup) {
  const [turn, setTurn] = useState(0)
  const handle = async (user_id: number, approval: boolean) => {
    await api.group.handleApplication({ group_id, user_id, approval })
    setTurn(n => n + 1)
    return approval ? `${user_id} is a member now.` : `The application of ${user_id} is declined.`
  }
  return (
    <>
      <h2>Applications</h2>
      <PagedTable
        caption="Applications"
        empty="Nobody applied."
        keys={[group_id, turn]}
        list={() => api.group.applications({ group_list: [group_id] })}
        columns={[
          {
            title: 'User',
            cell: ({ applicant_id }) => <UserLink app_id={app_id} user_id={applicant_id} />,
          },
          { title: 'Reason', cell: application => application.reason },
          {
            title: 'Status',
            cell: ({ status }) => ['pending', 'agreed', 'declined'][status] ?? String(status),
          },
          {
            title: 'Do',
            cell: ({ applicant_id, status }) =>
              status === 0 && (
                <div class="row">
                  <Action label={`Accept ${applicant_id}`} run={() => handle(applicant_id, true)} />
                  <Action label={`Decline ${applicant_id}`} run={() => handle(applicant_id, false)} />
                </div>
              ),
          },
        ]}
      />
    </>
  )
}

function Invitations({ api, app_id, group_id }: OfGroup) {
  return (
    <>
      <h2>Invitations</h2>
      <PagedTable
        caption="Invitations"
        empty="None waits for consent."
        isCounted={false}
        keys={[group_id]}
        list={() => api.admin.groupInvitations({ group_id })}
        columns={[
          { title: 'User', cell: ({ invitee_id }) => <UserLink app_id={app_id} user_id={invitee_id} /> },
          { title: 'By', cell: ({ inviter_id }) => <UserLink app_id={app_id} user_id={inviter_id} /> },
          { title: 'Reason', cell: ({ reason }) => reason },
          { title: 'Until', cell: ({ expires_at }) => formatTime(expires_at) },
        ]}
      />
    </>
  )
}

function Blacklist({ api, app_id, group_id }: OfGroup) {
  const [turn, setTurn] = useState(0)
  return (
    <>
      <h2>Blacklist</h2>
      <PagedTable
        caption="Blacklist"
        empty="Nobody is on it."
        keys={[group_id, turn]}
        list={() => api.group.blocked({ group_id, limit: 50 })}
        columns={[
          { title: 'User', cell: ({ user_id }) => <UserLink app_id={app_id} user_id={user_id} /> },
          { title: 'Since', cell: blocked => formatTime(Date.parse(blocked.created_at)) },
          {
            title: 'Do',
            cell: ({ user_id }) => (
              <Action
                label={`Unblock ${user_id}`}
                run={async () => {
                  await api.group.unblock({ group_id, user_list: [user_id] })
                  setTurn(turn + 1)
                  return `${user_id} may join again.`
                }}
              />
            ),
          },
        ]}
      />
      <Form
        submit="Block"
        fields={[{ name: 'user_id', label: 'User id', type: 'number', required: true }]}
        run={async ({ user_id = '' }) => {
          const [result] = await api.group.block({ group_id, user_list: [Number(user_id)] })
          setTurn(turn + 1)
          return result?.result === 'success'
            ? `${user_id} is on the blacklist.`
            : `${user_id}: ${result?.reason}`
        }}
      />
    </>
  )
}

function Announcements({ api, app_id, group_id }: OfGroup) {
  const [turn, setTurn] = useState(0)
  return (
    <>
      <h2>Announcements</h2>
      <PagedTable
        caption="Announcements"
        empty="None was published."
        keys={[group_id, turn]}
        list={() => api.group.announcements({ group_id })}
        columns={[
          { title: 'Title', cell: announcement => announcement.title },
          { title: 'Content', cell: announcement => announcement.content },
          { title: 'By', cell: ({ author }) => <UserLink app_id={app_id} user_id={author} /> },
          { title: 'At', cell: announcement => formatTime(announcement.created_at) },
          {
            title: 'Do',
            cell: ({ id }) => (
              <Action
                label="Delete announcement"
                danger
                ask="Delete this announcement? It cannot be had back."
                run={async () => {
                  await api.group.deleteAnnouncement({ group_id, announcement_id: id })
                  setTurn(turn + 1)
                  return 'The announcement is deleted.'
                }}
              />
            ),
          },
        ]}
      />
      <Form
        submit="Publish"
        fields={[
          { name: 'title', label: 'Title', required: true },
          { name: 'content', label: 'Content', required: true, long: true },
        ]}
        run={async ({ title = '', content = '' }) => {
          await api.group.publishAnnouncement({ group_id, title, content })
          setTurn(turn + 1)
          return 'The announcement is published.'
        }}
      />
    </>
  )
}

function SharedFiles({ api, app_id, group_id }: OfGroup) {
  const [turn, setTurn] = useState(0)
  return (
    <>
      <h2>Shared files</h2>
      <PagedTable
        caption="Shared files"
        empty="None was shared."
        keys={[group_id, turn]}
        list={() => api.group.files({ group_id })}
        columns={[
          { title: 'Name', cell: file => file.name },
          { title: 'Size', numeric: true, cell: file => formatBytes(file.size) },
          { title: 'By', cell: ({ uploader }) => <UserLink app_id={app_id} user_id={uploader} /> },
          { title: 'At', cell: file => formatTime(file.created_at) },
          {
            title: 'Do',
            cell: ({ file_id, name }) => (
              <Action
                label="Delete file"
                danger
                ask={`Delete ${name}? Its bytes go, too, when nothing else refers to them.`}
                run={async () => {
                  await api.group.deleteFiles({ group_id, file_list: [file_id] })
                  setTurn(turn + 1)
                  return `${name} is deleted.`
                }}
              />
            ),
          },
        ]}
      />
    </>
  )
}

/** The newest first: the audit trail of this group. */
function History({ api, app_id, group_id }: OfGroup) {
  const user = (user_id: number) => <UserLink app_id={app_id} user_id={user_id} />
  return (
    <>
      <h2>What happened</h2>
      <PagedTable
        caption="What happened"
        isCounted={false}
        keys={[group_id]}
        list={() => api.admin.audit({ group_id, limit: 20 })}
        columns={[
          { title: 'At', cell: event => formatTime(event.at) },
          { title: 'What', cell: event => event.kind },
          {
            title: 'By',
            cell: ({ by_id, acting }) => whoOf(acting, by_id === null ? undefined : user(by_id)),
          },
          { title: 'To', cell: event => subjectsOf(event).map(id => <span key={id}>{user(id)} </span>) },
        ]}
      />
    </>
  )
}
