import type { Context } from 'hono'
import type * as z from 'zod'
import { DatabaseError, type Session } from '../db/engine.ts'
import { keptAddress } from '../events/kept-address.ts'
import { HttpError, Refusal, refuse } from '../operation/errors.ts'
import type { Caller, Origin, Page } from '../operation/operation.ts'
import { type RunTask, runnerFor } from '../operation/task.ts'
import type { Operator } from '../operator/access.ts'
import { BlobStoreError, type ByteStream, CannotConvert } from '../platform.ts'
import type { App } from '../tenant/app.ts'
import { callerOf, type Identity } from '../tenant/token-verifier.ts'
import { after } from './after.ts'
import { allowed, corsOrigin } from './cors.ts'
import { type ErrorStyle, retried, statuses } from './error-style.ts'
import { type ChunkSource, chunksOf } from './gathered.ts'
import { type Body, bodyOf, type InputSchema, parse, queryOf } from './input.ts'
import { namedApp, underscored } from './named-app.ts'
import type { LargeBody } from './outbox.ts'
import { describePart, notModified, rangeOf, type Sendable } from './range.ts'
import { baseHeaders, failure, requestIdOf, success } from './respond.ts'
import type { Access } from './route.ts'
import type { Service } from './service.ts'
import { sessionIn } from './session-cookie.ts'

/** This much of an answer costs as much as one request: characters of JSON, and bytes of a file. */
const chargedChars = 64 * 1024
export const chargedBytes = 1024 * 1024
type HeaderFields = Readonly<Record<string, string>>

const storeIsSilent = refuse('storage_failed', 'the object storage does not answer: try again', 503)

/**
 * One request: who calls, what was sent, and every way to answer. Each answer is counted and logged once,
 * when it is made.
 */
export class Exchange {
  readonly service: Service
  readonly request: Request
  readonly requestId: string
  readonly session: Session
  private readonly context: Context
  private readonly route: string
  private readonly style: ErrorStyle
  private readonly startedAt = performance.now()
  private parsedQuery: Readonly<Record<string, string>> | undefined
  private app: App | undefined
  private user_id: number | null = null
  /** The user whose limits the request counts against; null for an app's own server. */
  private payer: number | null = null

  constructor(service: Service, context: Context, route: string, style: ErrorStyle) {
    this.service = service
    this.context = context
    this.request = context.req.raw
    this.route = route
    this.style = style
    this.requestId = requestIdOf(this.request.headers.get('x-request-id'))
    this.session = { bookmark: this.request.headers.get('x-cohort-bookmark') ?? undefined }
  }

  // What was sent.

  /** The parameters of the query and of the path. Of a repeated query parameter this is the first. */
  get query(): Readonly<Record<string, string>> {
    const { req } = this.context
    this.parsedQuery ??= this.route.includes(':') ? Object.assign(req.query(), req.param()) : req.query()
    return this.parsedQuery
  }

  /** The query as this schema reads it (see `queryOf`). */
  queryFor(schema: InputSchema): Record<string, unknown> | Refusal {
    return queryOf(this.query, this.context.req, schema)
  }

  header(name: string): string | null {
    return this.request.headers.get(name)
  }

  /** The JSON body as an object. Throws 413 and 415. Refuses 10002 if it is not a JSON object. */
  body(): Body | Promise<Body> {
    return bodyOf(this.request, this.service.receivedBody?.(this.context)?.rawBody)
  }

  /** The body as it comes. */
  bodyChunks(): ChunkSource {
    return this.service.receivedBody?.(this.context)?.chunks() ?? chunksOf(this.request)
  }

  /** The query, parsed by `schema`. Refuses 10002 with the first parameter that is wrong. */
  parameters<T>(schema: InputSchema & z.ZodType<T>): T | Refusal {
    const sent = this.queryFor(schema)
    return sent instanceof Refusal ? sent : parse(schema, sent)
  }

  /**
   * Query and JSON body together, parsed by `schema`. If both have a field, the body counts. Throws as `body`
   * does.
   */
  async input<T>(schema: InputSchema & z.ZodType<T>): Promise<T | Refusal> {
    const sent = this.queryFor(schema)
    if (sent instanceof Refusal) return sent
    const body = await this.body()
    return body instanceof Refusal ? body : parse(schema, { ...sent, ...body })
  }

  /** The URL by which the client reaches this service, without a slash at the end. */
  get baseUrl(): string {
    return this.service.publicUrl || new URL(this.request.url).origin
  }

  /** The network address of the caller; '' if the runtime does not tell it. */
  get address(): string {
    return this.service.addressOf(this.context)
  }

  /** Where the call came from, to be recorded in its events. */
  get origin(): Origin {
    return { request: this.requestId, ip: keptAddress(this.address, this.service.addressKeeping) }
  }

  // Who calls.

  /** The app of this request: see `namedApp`. */
  appOf(token: string | undefined, inQuery?: string): App | Refusal | Promise<App | Refusal> {
    const app_id = namedApp(name => this.header(name), token, inQuery)
    return app_id instanceof Refusal ? app_id : this.appNamed(app_id)
  }

  /** The app of this id, or 40000. */
  appNamed(app_id: string): App | Refusal | Promise<App | Refusal> {
    return after(this.service.apps.get(app_id), app => {
      if (app === undefined) return refuse('app_not_found')
      this.app = app
      return app
    })
  }

  /**
   * Whether the caller's token is still valid. It may have expired meanwhile, or its key may have been
   * revoked.
   */
  async isStillGood({ app, token }: Access): Promise<boolean> {
    const { apps, tokens, operators } = this.service
    const now = await apps.get(app.app_id)
    if (now === undefined) return false
    if (token === undefined) return !((await this.operator(null)) instanceof Refusal)
    if (tokens.known(now, token) !== undefined) return true
    const identity = operators.claims(token) ? operators.byToken(token) : tokens.verify(now, token)
    return !((await identity) instanceof Refusal)
  }

  /**
   * The caller whom the token and the acting headers name. `token` is the token in the header or the query.
   * `files`: a token that is valid only for files is accepted, too.
   */
  callerOf(app: App, token: string | null, files = false): Caller | Refusal | Promise<Caller | Refusal> {
    const sent = this.tokenOf(token)
    if (sent === undefined) return this.hasSession ? this.operatorIn(app, null) : refuse('token_missing')
    const { tokens, operators } = this.service
    const known = tokens.known(app, sent)
    if (known !== undefined) return this.enter(app, known, files)
    if (operators.claims(sent)) return this.operatorIn(app, sent)
    return this.limited(() => tokens.verify(app, sent)).then(identity =>
      identity instanceof Refusal ? identity : this.enter(app, identity, files),
    )
  }

  /**
   * The operator, identified by its token or by the session of the console. A session's cookie counts only
   * together with the header `x-cohort-session`, which a page of another origin cannot send.
   */
  operator(token = this.header('access-token')): Promise<Operator | Refusal> {
    const { operators } = this.service
    const sent = this.tokenOf(token)
    if (sent !== undefined) return this.limited(() => operators.byToken(sent))
    if (!this.hasSession) return Promise.resolve(refuse('token_missing'))
    return this.limited(() => operators.bySession(sessionIn(this.header('cookie'))))
  }

  private get hasSession(): boolean {
    return this.header('x-cohort-session') !== null && sessionIn(this.header('cookie')) !== ''
  }

  /** The token that was sent: this one, or the one in the Authorization header. */
  tokenOf(token: string | null): string | undefined {
    return (token ?? /^Bearer +(\S+)$/i.exec(this.header('authorization') ?? '')?.[1]) || undefined
  }

  /** The operator, as an administrator of this app. */
  private async operatorIn(app: App, token: string | null): Promise<Caller | Refusal> {
    const operator = await this.operator(token)
    if (operator instanceof Refusal) return operator
    const { expiresAt } = operator
    return this.enter(app, { user_id: null, filesOnly: false, expiresAt, key_id: 'operator' }, false)
  }

  /**
   * Identifies the caller, and counts a wrong token against its address. Throws 429 after too many wrong
   * ones. A valid token is accepted first, so nobody is refused for the wrong tokens of others.
   */
  private async limited<T>(identify: () => Promise<T | Refusal>): Promise<T | Refusal> {
    const identity = await identify()
    if (identity instanceof Refusal && identity.name !== 'token_expired') {
      this.service.limits.countWrongToken(this.address)
    }
    return identity
  }

  private enter(app: App, identity: Identity, files: boolean): Caller | Refusal {
    if (identity.filesOnly && !files) return refuse('token_invalid', 'this token is good for files only')
    const header = (name: string) => this.header(name)
    const caller = callerOf(identity, underscored(header, 'user_id'), underscored(header, 'group_id'))
    if (caller instanceof Refusal) return caller
    this.user_id = caller.user_id
    this.payer = identity.user_id
    this.service.limits.take(app, identity.user_id)
    return caller
  }

  /**
   * Counts a request of the app's own server, which brings a signature instead of a token. A wrong signature
   * counts against the caller's address. Throws 429.
   */
  server(app: App, valid: boolean): boolean {
    const { limits } = this.service
    if (valid) limits.take(app, null)
    else limits.countWrongToken(this.address)
    return valid
  }

  /**
   * Charges the caller for what this request costs beyond itself, in requests: limits also count ids, bytes
   * and conversions. The caller's next requests have to wait for it.
   */
  charge(cost: number): void {
    if (cost >= 1 && this.app !== undefined) this.service.limits.charge(this.app, this.payer, cost)
  }

  /** Sets the user for the log and the limits, where no token names one. */
  onBehalfOf(user_id: number): void {
    this.user_id = user_id
    this.payer = user_id
  }

  /** Runs tasks of this app that are not operations, such as those that change the state of a file. */
  runnerFor(app: App): RunTask {
    return runnerFor(this.service, this.session, app, this.origin)
  }

  // How the request is answered.

  /** A success of the API. */
  ok(data: unknown, page?: Page, headers?: HeaderFields): Response {
    return this.answer(200, success(data, page), 200, headers)
  }

  /** A JSON body without the envelope, with this status. */
  json(status: number, body: Readonly<Record<string, unknown>>): Response {
    return this.answer(status, JSON.stringify(body), status)
  }

  /** A body that is sent unchanged: text, JSON or HTML. */
  text(body: string, contentType: string, headers?: HeaderFields): Response {
    return this.answer(200, body, 200, Object.assign({}, headers, { 'content-type': contentType }))
  }

  /** An error of the API. */
  refuse({ name, code, message, status }: Refusal): Response {
    const http = this.style === 'envelope' ? 200 : (status ?? statuses[name] ?? 403)
    return this.answer(code, failure(code, message), http, retried.has(http) ? { 'retry-after': '1' } : {})
  }

  /** An error of HTTP and not of the API: its code is the HTTP status. */
  reject(status: number, message: string, headers?: HeaderFields): Response {
    return this.answer(status, failure(status, message), status, headers)
  }

  /** Answers an error that was thrown. The caller sees only what is meant for callers. */
  fail(error: unknown): Response {
    if (error instanceof HttpError) return this.reject(error.status, error.message, error.headers)
    if (error instanceof CannotConvert) return this.refuse(refuse('storage_failed', error.message))
    this.report(error)
    if (error instanceof DatabaseError) return this.refuse(refuse('database_failed'))
    if (error instanceof BlobStoreError) return this.refuse(storeIsSilent)
    return this.reject(500, `internal error: report request ${this.requestId}`)
  }

  /** The answer to a method that this path does not take. */
  methodNotAllowed(methods: readonly string[]): Response {
    const message = `${this.request.method} is not allowed here: use ${methods.join(' or ')}`
    return this.reject(405, message, { allow: allowed(methods) })
  }

  /** Redirects this request to another URL. */
  redirect(location: string, headers: HeaderFields): Response {
    return this.respond(302, null, { ...headers, location })
  }

  /** Answers that the client already has the current version (RFC 9110, section 13). */
  notModified(headers: HeaderFields): Response {
    return this.respond(304, null, headers)
  }

  /** A body that is produced while the client reads it. It is logged when it begins. */
  stream(body: ByteStream, headers: HeaderFields): Response {
    const isRead = this.request.method !== 'HEAD'
    // What nobody will read gives back what it holds.
    if (!isRead) void body.cancel()
    return this.respond(200, isRead ? body : null, headers)
  }

  /**
   * Answers bytes, the range of them that was asked for, or that the client already has them (RFC 9110,
   * sections 13 and 14).
   */
  async bytes({ size, etag, headers: own, open }: Sendable): Promise<Response> {
    const { method, headers: sent } = this.request
    const headers = Object.assign(this.headers(), own)
    headers['accept-ranges'] = 'bytes'
    headers.etag = `"${etag}"`
    if (notModified(sent, etag)) return this.respond(304, null, headers)
    const range = rangeOf(sent, size, etag)
    if (range === 'unsatisfiable')
      return this.reject(416, `the file has ${size} bytes`, { 'content-range': `bytes */${size}` })
    const status = range === undefined ? 200 : 206
    const length = describePart(headers, size, range)
    const { sender } = this.service.files
    // A proxy that sends the bytes describes them itself, with and without a body.
    if (method === 'HEAD' && sender?.sendsAll !== true) return this.respond(status, null, headers)
    const body = await open(range)
    const response =
      body !== undefined && 'path' in body
        ? await sender?.send(this.context, body, { status, headers })
        : body && new Response(body, { status, headers })
    if (response === undefined) {
      this.report('the store has lost a file')
      return this.reject(410, 'the file is gone from the object storage')
    }
    this.service.metrics.add('cohort_blob_bytes_out_total', length)
    this.charge(Math.floor(length / chargedBytes))
    this.recordAnswer(status, status)
    return response
  }

  private report(error: unknown): void {
    this.service.log.error({
      id: this.requestId,
      route: this.route,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
  }

  /** Answers a text, and logs it. `code` is one of ours, or the HTTP status. */
  private answer(code: number, body: string, status = 200, more?: HeaderFields): Response {
    const sent = this.outgoing(body)
    if (sent instanceof HttpError) return this.reject(sent.status, sent.message, sent.headers)
    this.recordAnswer(code, status)
    const headers = Object.assign(this.headers(), more)
    if (typeof sent === 'string' || sent instanceof ReadableStream)
      return new Response(sent, { status, headers })
    headers['content-length'] = String(sent.size)
    return new Response(sent.body, { status, headers })
  }

  /** The body as it is sent. A large body is charged for, and waits for its reader in the outbox. */
  private outgoing(body: string): string | ByteStream | LargeBody | HttpError {
    if (this.request.method === 'HEAD') return body
    this.charge(Math.floor(body.length / chargedChars))
    const { app, payer } = this
    const reader = app === undefined ? this.address : `${app.app_id} ${payer ?? ''}`
    return this.service.outbox.body(body, reader, payer === null, this.context)
  }

  /** Answers a body that is not in the envelope, and logs it. */
  private respond(status: number, body: ByteStream | null, more: HeaderFields): Response {
    this.recordAnswer(status, status)
    return new Response(body, { status, headers: Object.assign(this.headers(), more) })
  }

  private headers(): Record<string, string> {
    const headers = baseHeaders(this.requestId, corsOrigin(this.service.origins, this.request))
    if (this.session.bookmark !== undefined) headers['x-cohort-bookmark'] = this.session.bookmark
    return headers
  }

  private recordAnswer(code: number, status: number): void {
    const ms = performance.now() - this.startedAt
    this.service.metrics.answered(this.route, code, ms)
    this.service.log.info({
      method: this.request.method,
      route: this.route,
      status,
      code,
      ms: Math.round(ms * 100) / 100,
      id: this.requestId,
      app: this.app?.app_id ?? '',
      user: this.user_id,
    })
  }
}
