import * as z from 'zod'
import type { Method, Operation } from '../../operation/operation.ts'
import type { Content, Route } from '../route.ts'
import { type Example, exampleOf, pick } from './example.ts'
import { header, inPath, inputSchema, type Json, parametersOf, requiredOf, schemaOf } from './schema.ts'

/* How one call is described in the OpenAPI document. */

/** Errors that any call may answer besides its own, by HTTP status. */
const httpErrors: Readonly<Record<number, string>> = {
  400: 'The request is malformed',
  429: 'Too many requests: try again after `Retry-After` seconds',
  500: 'A fault of the service: report the request id',
  503: 'The service cannot do it now: try again after `Retry-After` seconds',
}
const bodyErrors: Readonly<Record<number, string>> = {
  408: 'The body took too long',
  413: 'The body is larger than 1 MiB',
  415: 'The content type is not application/json',
}
const keyErrors: Readonly<Record<number, string>> = {
  422: 'This Idempotency-Key was used with another input',
}

const errorResponses = (described: Readonly<Record<number, string>>): Json =>
  Object.fromEntries(
    Object.entries(described).map(([status, description]) => [
      status,
      { description, content: { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } } },
    ]),
  )

const idempotencyKey = header(
  'idempotency-key',
  false,
  'Makes the call safe to repeat: the same key and input change something once, and are answered alike. 1 to 255 visible ASCII characters.',
)

const callerSecurity = [
  { app: [], accessToken: [] },
  { app: [], bearer: [] },
  { app: [], operatorToken: [] },
]
const operatorSecurity = [{ operatorToken: [] }, { consoleSession: [] }]

const callerHeaders = [
  header('app_id', true, 'The app (tenant).'),
  header('access-token', true, 'A JWT of the app. `Authorization: Bearer …` is accepted too.'),
  header('user_id', false, 'Only with an administrator token: act as this user.', 'integer'),
  header(
    'group_id',
    false,
    'Only with an administrator token: act with the rights of the owner of this group, and in no other.',
    'integer',
  ),
]

const whoMay = {
  anyone: 'any user of the app',
  member: 'a member of the group',
  inviter: 'an admin or the owner of the group, or any member where members may invite',
  editor: 'an admin or the owner of the group, or any member where members may modify',
  admin: 'an admin or the owner of the group',
  owner: 'the owner of the group',
} as const

/** What an operation takes and answers by this method at this path, one of its own. */
export function describeOperation(operation: Operation, method: Method, path: string, tag: string): Json {
  const { properties, ...input } = inputSchema(path, operation.input)
  const required = requiredOf(operation.input)
  const example = exampleOf(operation.id)
  const inQuery = (name: string) => method === 'GET' || inPath(path, name)
  const sent = Object.entries(properties).filter(([name]) => !inQuery(name))
  const asked = Object.fromEntries(Object.entries(properties).filter(([name]) => inQuery(name)))
  const inBody = sent.length > 0
  const bodyRequired = required.filter(name => !inQuery(name))
  const operators = operation.who === 'operator'
  const writes = operation.writes && method !== 'GET'
  return {
    summary: operation.title,
    description: [operation.description, `Who may: ${whoMayDo(operation)}.`]
      .filter(text => text !== '')
      .join(' '),
    tags: [tag],
    security: operators ? operatorSecurity : callerSecurity,
    parameters: [
      ...(operators ? [] : callerHeaders),
      ...(writes && !operators ? [idempotencyKey] : []),
      ...parametersOf(path, asked, required, example?.input),
    ],
    ...(inBody && {
      requestBody: {
        required: bodyRequired.length > 0,
        content: {
          'application/json': {
            schema: { ...input, properties: Object.fromEntries(sent), required: bodyRequired },
            ...exampled(
              pick(
                example,
                sent.map(([name]) => name),
              ),
            ),
          },
        },
      },
    }),
    responses: {
      '200': {
        description: 'Success, or an error of the API: see `code`.',
        content: {
          'application/json': { schema: envelope(operation), ...exampled(example?.answer) },
        },
      },
      ...errorResponses({ ...httpErrors, ...(inBody && bodyErrors), ...(writes && !operators && keyErrors) }),
    },
  }
}

function whoMayDo({ who, requires, self }: Operation): string {
  if (who === 'operator') return 'whoever runs the service'
  if (who === 'administrator') return 'an administrator of the app'
  const whose = requires === undefined ? 'any user of the app' : whoMay[requires]
  return self ? `${whose}, for itself` : whose
}

const envelope = (operation: Operation): Json => ({
  type: 'object',
  required: [
    'code',
    'data',
    'message',
    ...(operation.paged ? ['cursor'] : []),
    ...(operation.paged === true ? ['total', 'version'] : []),
  ],
  properties: {
    code: { type: 'integer', description: '200 is success' },
    data: { anyOf: [schemaOf(operation.answer, 'output'), { type: 'null' }] },
    message: { type: ['string', 'null'], description: 'null is success' },
    ...(operation.paged && {
      cursor: { type: 'string', description: "where the next page starts; '' on the last" },
    }),
    ...(operation.paged === true && {
      total: { type: 'integer' },
      version: { type: 'integer', description: "the group's change counter" },
    }),
  },
})

/** What a route takes and answers, taken from its value. */
export function describeRoute(route: Route, method: Method): Json {
  const { properties } = inputSchema(route.path, route.query)
  const example = exampleOf(route.id)
  const query = parametersOf(route.path, properties, requiredOf(route.query), example?.input)
  const takes = route.takes?.[method]
  return {
    summary: route.title,
    description: [route.description, whoMayCall[route.who]].filter(text => text !== '').join(' '),
    tags: [route.tag],
    security: securityOf(route),
    parameters: [...headersOf(route), ...query],
    ...(takes && {
      requestBody: { required: true, content: contentOf(route.path, takes, 'input', example) },
    }),
    responses: {
      ...errorResponses(httpErrors),
      ...Object.fromEntries(
        Object.entries(route.answers).map(([status, { description, content }]) => [
          status,
          {
            description,
            ...(content && {
              content: contentOf(route.path, content, 'output', status === '200' ? example : undefined),
            }),
          },
        ]),
      ),
    },
  }
}

/** `[{}]` means that no credentials are needed. */
function securityOf({ who }: Route): readonly Json[] {
  if (who === 'operator') return operatorSecurity
  if (who === 'everybody' || who === 'url') return []
  return who === 'file' || who === 'machine' ? [{}, ...callerSecurity] : callerSecurity
}

const whoMayCall: Readonly<Record<Route['who'], string>> = {
  everybody: '',
  machine: '',
  file: '',
  url: '',
  user: 'Who may: any user of the app.',
  administrator: 'Who may: an administrator of the app.',
  operator: 'Who may: whoever runs the service.',
}

/**
 * Headers that name the caller. They are optional for a file, because its credentials may be in the query.
 */
function headersOf({ who }: Route): readonly Json[] {
  if (who === 'user' || who === 'administrator') return callerHeaders
  return who === 'file' || who === 'machine' ? callerHeaders.map(sent => ({ ...sent, required: false })) : []
}

const contentOf = (
  path: string,
  content: Readonly<Record<string, Content>>,
  io: 'input' | 'output',
  example: Example | undefined,
): Json =>
  Object.fromEntries(
    Object.entries(content).map(([type, schema], i) => [
      type,
      // The example is of the first type.
      { schema: contentSchema(path, schema, io), ...(i === 0 && exampled(exampleIn(schema, io, example))) },
    ]),
  )

function contentSchema(path: string, schema: Content, io: 'input' | 'output'): Json {
  if (schema === 'bytes') return { type: 'string', format: 'binary' }
  return io === 'input' && schema instanceof z.ZodObject ? inputSchema(path, schema) : schemaOf(schema, io)
}

function exampleIn(schema: Content, io: 'input' | 'output', example: Example | undefined): unknown {
  if (io === 'output') return example?.answer
  return schema instanceof z.ZodObject ? pick(example, Object.keys(schema.shape)) : undefined
}

const exampled = (example: unknown): Json => (example === undefined ? {} : { example })
