import * as z from 'zod'
import type { Exchange } from '../http/exchange.ts'
import type { Access, Route } from '../http/route.ts'
import { Refusal } from '../operation/errors.ts'
import { id } from '../operation/fields.ts'
import type { Call } from '../operation/operation.ts'
import { task } from '../operation/task.ts'
import { exportUser } from './export.ts'

const query = z.object({ user_id: id.describe('of whom') })

const ndjson = 'application/x-ndjson'

/** Says in the audit trail that somebody has read all that is known of a user. */
export const exported = (user_id: number) =>
  task({ decide: () => ({ data: null, events: [{ kind: 'user.exported', users: [user_id] }] }) })

export const exportUserRoute: Route = {
  id: 'get__user_export',
  methods: ['GET'],
  path: '/user/export',
  title: 'Export all that is known of a user',
  description:
    'Lines of JSON, each with a `type`: first `export`, then the user and its settings, groups that it owns, memberships, applications, invitations, bans, announcements, shared files, stored files with names and sizes, whom they were sent to, and events in which it acted or is a subject. The last line is `{"type":"end","lines":…}`; without it the answer was cut off. The export is in the audit trail (`user.exported`).',
  tag: 'administration',
  who: 'administrator',
  query,
  answers: { 200: { description: 'The lines', content: { [ndjson]: 'bytes' } } },
  handle: answerExport,
}

async function answerExport(exchange: Exchange, { app, caller }: Access): Promise<Response | Refusal> {
  // A HEAD reads nothing, so it must not be recorded as an export.
  if (exchange.request.method === 'HEAD') return exchange.methodNotAllowed(exportUserRoute.methods)
  const input = exchange.parameters(query)
  if (input instanceof Refusal) return input
  const { executorFor, clock, newId } = exchange.service
  const executor = executorFor(app.app_id)
  const now = clock()
  const call: Call<unknown> = { app, caller, input, now, newId, origin: exchange.origin }
  const told = await executor.run(exported(input.user_id), call, { bookmark: undefined })
  if (told instanceof Refusal) return told
  const encoder = new TextEncoder()
  const lines = exportUser(executor, app, input.user_id, now)
  // One portion at a time, as fast as the reader takes them.
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const { value, done } = await lines.next()
        if (done) controller.close()
        else controller.enqueue(encoder.encode(`${value.join('\n')}\n`))
      },
      async cancel() {
        await lines.return()
      },
    },
    { highWaterMark: 0 },
  )
  return exchange.stream(body, { 'content-type': ndjson, 'cache-control': 'no-store' })
}
