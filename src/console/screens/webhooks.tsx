import { useState } from 'preact/hooks'
import type { Cohort } from '../../client/client.ts'
import { formatNumber, formatTime } from '../format.ts'
import { Action, Form, Problem, Secret, Table, useLoad } from '../parts.tsx'
import { appClient } from '../session.ts'
import { AppLinks } from './apps.tsx'

export function Webhooks({ app_id }: { readonly app_id: string }) {
  const api = appClient(app_id)
  const list = useLoad(() => api.webhooks.list(), [app_id])
  const [secret, setSecret] = useState('')
  const [opened, setOpened] = useState('')
  return (
    <>
      <h1>{app_id}: webhooks</h1>
      <AppLinks app_id={app_id} here="webhooks" />
      <Problem text={list.problem} />
      <Table
        caption="Webhooks"
        empty="None yet."
        rows={list.data}
        columns={[
          { title: 'URL', cell: hook => hook.url },
          {
            title: 'State',
            cell: hook => (hook.reason === '' ? hook.state : `${hook.state}: ${hook.reason}`),
          },
          { title: 'Behind', numeric: true, cell: hook => formatNumber(hook.lag) },
          { title: 'Last success', cell: hook => formatTime(hook.last_success_at) || 'never' },
          {
            title: 'Do',
            cell: ({ webhook_id, url, state }) => (
              <div class="row">
                <button type="button" onClick={() => setOpened(webhook_id)}>
                  Deliveries of {webhook_id}
                </button>
                <Action
                  label={`Test ${webhook_id}`}
                  run={async () => {
                    const { delivered, status, error } = await api.webhooks.test({ webhook_id })
                    return delivered
                      ? `${url} answered ${status}.`
                      : `${url} did not take it: ${error || status}`
                  }}
                />
                <Action
                  label={`New secret of ${webhook_id}`}
                  run={async () => {
                    setSecret((await api.webhooks.rotate({ webhook_id })).secret)
                    return 'Both secrets sign for a day.'
                  }}
                />
                {state === 'disabled' && (
                  <Action
                    label={`Resume ${webhook_id}`}
                    run={async () => {
                      await api.webhooks.resume({ webhook_id })
                      list.reload()
                      return 'It is active again.'
                    }}
                  />
                )}
                <Action
                  label={`Delete ${webhook_id}`}
                  danger
                  ask={`Send nothing to ${url} any more?`}
                  run={async () => {
                    await api.webhooks.delete({ webhook_id })
                    list.reload()
                    return 'The webhook is deleted.'
                  }}
                />
              </div>
            ),
          },
        ]}
      />
      <Secret label="The secret of the webhook." value={secret} />
      <h2>New webhook</h2>
      <Form
        submit="Create"
        fields={[{ name: 'url', label: 'URL', type: 'url', required: true }]}
        run={async ({ url = '' }) => {
          setSecret((await api.webhooks.create({ url })).secret)
          list.reload()
          return `${url} hears of everything from now on.`
        }}
      />
      {opened !== '' && <Deliveries api={api} webhook_id={opened} />}
    </>
  )
}

function Deliveries({ api, webhook_id }: { readonly api: Cohort; readonly webhook_id: string }) {
  const deliveries = useLoad(() => api.webhooks.deliveries({ webhook_id }), [webhook_id])
  return (
    <>
      <h2>Deliveries</h2>
      <Problem text={deliveries.problem} />
      <Table
        caption="Deliveries"
        rows={deliveries.data?.recent}
        columns={[
          { title: 'At', cell: delivery => formatTime(delivery.at) },
          { title: 'What', cell: delivery => delivery.kind },
          { title: 'Attempt', numeric: true, cell: delivery => delivery.attempt },
          { title: 'Answer', cell: ({ status, error, answer }) => `${status || error} ${answer}` },
          { title: 'Took', numeric: true, cell: delivery => `${delivery.ms} ms` },
        ]}
      />
      <Form
        submit="Replay"
        fields={[{ name: 'after', label: 'From behind this cursor, or earliest', required: true }]}
        run={async ({ after = '' }) => {
          await api.webhooks.replay({ webhook_id, after })
          deliveries.reload()
          return 'It is sent again from there.'
        }}
      />
    </>
  )
}
