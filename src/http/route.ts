import * as z from 'zod'
import type { Refusal } from '../operation/errors.ts'
import type { Caller, Method } from '../operation/operation.ts'
import type { Operator } from '../operator/access.ts'
import type { App } from '../tenant/app.ts'
import type { Exchange } from './exchange.ts'

/** The type of a route's body: a schema for JSON and forms, `bytes` for anything else. */
export type Content = z.ZodType | 'bytes'

/** One answer of a route, for the documentation. */
export interface Answer {
  readonly description: string
  /** By content type; without it the answer has no body, or is an error in the envelope. */
  readonly content?: Readonly<Record<string, Content>>
}

interface Described {
  readonly id: string
  readonly methods: readonly Method[]
  readonly path: string
  readonly title: string
  readonly description: string
  /** `page`: for people, and not part of the documented API. */
  readonly tag: 'file' | 'authz' | 'events' | 'administration' | 'service' | 'operator' | 'page'
  /** The parameters of the query. The handler reads them by `exchange.parameters`. */
  readonly query: z.ZodObject
  /** What is sent, by method and content type. */
  readonly takes?: Partial<Readonly<Record<Method, Readonly<Record<string, Content>>>>>
  /** By HTTP status. */
  readonly answers: Readonly<Record<number, Answer>>
}

type Answering = Response | Refusal | Promise<Response | Refusal>

/**
 * A route that checks its caller by itself. `everybody`: no check. `machine`: callers on this machine, and
 * administrators. `file`: whoever may read the file, by token or by signature. `url`: whoever has the signed
 * URL.
 */
interface OpenRoute extends Described {
  readonly who: 'everybody' | 'machine' | 'file' | 'url'
  handle(exchange: Exchange): Answering
}

/** The caller of a guarded route, and the app. */
export interface Access {
  readonly app: App
  readonly caller: Caller
  /** The token as it was sent; undefined where the session of the console lets the caller in. */
  readonly token: string | undefined
}

/** A route for callers with a token. The token is checked before the handler is called. */
interface GuardedRoute extends Described {
  readonly who: 'user' | 'administrator'
  /** `access-token` and `app_id` may also stand in the query: a browser's EventSource sends no headers. */
  readonly tokenInQuery?: true
  handle(exchange: Exchange, access: Access): Answering
}

/** A route for whoever runs the service, by an operator's token or from the console. */
interface OperatorRoute extends Described {
  readonly who: 'operator'
  handle(exchange: Exchange, operator: Operator): Answering
}

/**
 * Everything that answers HTTP and is not an operation: bytes, streams, the service itself. A route answers
 * errors with an HTTP status (docs/behaviour.md, section 1). Documentation and tests are made from this
 * value, as they are from operations.
 */
export type Route = OpenRoute | GuardedRoute | OperatorRoute

export const isGuarded = (route: Route): route is GuardedRoute | OperatorRoute =>
  route.who === 'user' || route.who === 'administrator' || route.who === 'operator'

/** The envelope of a success around this data (docs/behaviour.md, section 1). */
export const enveloped = <T extends z.ZodType>(data: T) =>
  z.object({ code: z.literal(200), data, message: z.null() })
