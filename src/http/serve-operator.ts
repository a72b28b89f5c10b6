import { Refusal } from '../operation/errors.ts'
import type { Result } from '../operation/executor.ts'
import type { Call, Operation, Outcome } from '../operation/operation.ts'
import { noApp } from '../operation/task.ts'
import { Exchange } from './exchange.ts'
import { parse } from './input.ts'
import type { Handler } from './serve.ts'
import type { Service } from './service.ts'
import { tellNotOperator } from './tell-refused.ts'
import { checkFields } from './unknown-fields.ts'

const operator = { administrator: true, user_id: null, only_group: null, key_id: 'operator' } as const

/**
 * The handler of an operator's operation. Such an operation belongs to no app. It runs in the database of the
 * app with the `app_id` of its input. If it has `merge`, it runs in all databases, and `merge` joins their
 * answers.
 */
export function serveOperatorOperation(service: Service, operation: Operation, path: string): Handler {
  const run = async (exchange: Exchange, call: Call<unknown>): Promise<Result> => {
    const { merge } = operation
    if (merge === undefined) {
      const { app_id = '' } = call.input as { readonly app_id?: string }
      return service.executorFor(app_id).run(operation, call, exchange.session)
    }
    const outcomes: Outcome<unknown>[] = []
    for (const executor of service.executors) {
      const result = await executor.run(operation, call, { bookmark: undefined })
      if (result instanceof Refusal) return result
      outcomes.push(result)
    }
    return outcomes.length === 1 ? (outcomes[0] as Outcome<unknown>) : merge(outcomes, call)
  }

  const attempt = async (exchange: Exchange): Promise<Result> => {
    const allowed = await exchange.operator()
    if (allowed instanceof Refusal) return tellNotOperator(exchange, operation.id, allowed)
    const reading = ['GET', 'HEAD'].includes(exchange.request.method)
    const body = reading ? {} : await exchange.body()
    if (body instanceof Refusal) return body
    const unknown = checkFields(exchange, path, operation.input, body, false)
    if (unknown !== undefined) return unknown
    const input = parse(operation.input, { ...exchange.query, ...body })
    if (input instanceof Refusal) return input
    const { clock, newId } = service
    const { origin } = exchange
    return run(exchange, { app: noApp, caller: operator, input, now: clock(), newId, origin })
  }

  return async context => {
    const exchange = new Exchange(service, context, path, 'envelope')
    if (operation.writes && exchange.request.method === 'HEAD') {
      return exchange.methodNotAllowed(operation.methods)
    }
    try {
      const result = await attempt(exchange)
      return result instanceof Refusal ? exchange.refuse(result) : exchange.ok(result.data, result.page)
    } catch (error) {
      return exchange.fail(error)
    }
  }
}
