import { formatBytes, formatTime } from '../format.ts'
import { Action, Problem, Table, useLoad } from '../parts.tsx'
import { service, session } from '../session.ts'

export function Backups() {
  const health = useLoad(() => service.operator.health(), [])
  return (
    <>
      <h1>Backups</h1>
      <Problem text={health.problem} />
      {health.data?.runtime === 'workers' ? (
        <p>
          D1 keeps thirty days by itself: <code>wrangler d1 time-travel restore cohort --timestamp …</code>{' '}
          goes back to any minute of them.
        </p>
      ) : (
        health.data && <BackupFiles />
      )}
      <Sessions />
    </>
  )
}

/** Backups that the service makes itself: everywhere but on Workers. */
function BackupFiles() {
  const backups = useLoad(() => service.operator.backups(), [])
  return (
    <>
      <Problem text={backups.problem} />
      <Table
        caption="Backups"
        empty="None yet. BACKUP_EVERY makes them by themselves."
        rows={backups.data}
        columns={[
          { title: 'Backup', cell: backup => <code>{backup.name}</code> },
          { title: 'Size', numeric: true, cell: backup => formatBytes(backup.bytes) },
          { title: 'Made', cell: backup => formatTime(backup.made_at) },
        ]}
      />
      <Action
        label="Back up now"
        run={async () => {
          const made = await service.operator.makeBackup()
          backups.reload()
          return `${made.name} is there, ${formatBytes(made.bytes)}.`
        }}
      />
      <p>
        To restore one, stop the service and run <code>cohort restore</code>.
      </p>
    </>
  )
}

function Sessions() {
  const sessions = useLoad(() => service.operator.sessions(), [])
  return (
    <>
      <h2>Sessions of this console</h2>
      <Problem text={sessions.problem} />
      <Table
        caption="Sessions"
        rows={sessions.data}
        columns={[
          { title: 'Since', cell: one => formatTime(one.started_at) },
          { title: 'Until', cell: one => formatTime(one.expires_at) },
          { title: 'Browser', cell: one => one.browser },
          {
            title: 'Do',
            cell: ({ session_id }) => (
              <Action
                label={`End ${session_id}`}
                run={async () => {
                  await service.operator.endSession({ session_id })
                  sessions.reload()
                  return 'The session has ended.'
                }}
              />
            ),
          },
        ]}
      />
      <Action
        label="End all sessions"
        danger
        ask="Sign everybody out of this console, yourself too?"
        run={async () => {
          await service.operator.endSession({ all: true })
          session.value = null
          return 'Every session has ended.'
        }}
      />
    </>
  )
}
