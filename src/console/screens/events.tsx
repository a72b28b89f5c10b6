import { useEffect, useState } from 'preact/hooks'
import type { CohortEvent } from '../../client/client.ts'
import { formatTime } from '../format.ts'
import { Problem, Table } from '../parts.tsx'
import { appClient, messageOf } from '../session.ts'
import { AppLinks } from './apps.tsx'

const mostShown = 200

/** The live feed of an app's events. */
export function Events({ app_id }: { readonly app_id: string }) {
  const [events, setEvents] = useState<readonly CohortEvent[]>([])
  const [kind, setKind] = useState('')
  const [problem, setProblem] = useState('')
  useEffect(() => {
    const closing = new AbortController()
    setEvents([])
    const follow = async () => {
      try {
        const all = appClient(app_id).events({ after: 'earliest', signal: closing.signal })
        for await (const event of all) setEvents(before => [event, ...before].slice(0, mostShown))
      } catch (error) {
        if (!closing.signal.aborted) setProblem(messageOf(error))
      }
    }
    void follow()
    return () => closing.abort()
  }, [app_id])
  const kinds = [...new Set(events.map(event => event.kind))].sort()
  return (
    <>
      <h1>{app_id}: events</h1>
      <AppLinks app_id={app_id} here="events" />
      <Problem text={problem} />
      <label>
        <span>Kind</span>
        <select value={kind} onChange={event => setKind(event.currentTarget.value)}>
          <option value="">all</option>
          {kinds.map(name => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <p>The latest {mostShown}, live.</p>
      <Table
        caption="Events"
        empty="Waiting for something to happen."
        rows={events.filter(event => kind === '' || event.kind === kind)}
        columns={[
          { title: 'At', cell: event => formatTime(Number(event.at)) },
          { title: 'What', cell: event => event.kind },
          { title: 'Group', cell: event => String(event.group_id ?? '') },
          { title: 'By', cell: event => String(event.by_id ?? event.by ?? '') },
          { title: 'Cursor', cell: event => <code>{event.cursor}</code> },
        ]}
      />
    </>
  )
}
