import * as z from 'zod'
import { errors } from '../operation/errors.ts'
import { meaningOf } from '../operation/meanings.ts'
import type { Method, Operation } from '../operation/operation.ts'
import type { Content, Route } from './route.ts'

type Json = Record<string, unknown>

const schemaOf = (type: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io, unrepresentable: 'any' }) as Json
  return schema
}

/** The schema of the input at a path: every field with its meaning, unit, default and range. */
function inputSchema(path: string, type: z.ZodObject): Json & { readonly properties: Record<string, Json> } {
  const { properties = {}, ...schema } = schemaOf(type, 'input') as { properties?: Record<string, Json> }
  const described = Object.entries(properties).map(([name, field]) => {
    const description = field.description ?? meaningOf(path, name)
    return [name, { ...field, ...(description !== undefined && { description }) }] as const
  })
  return { ...schema, properties: Object.fromEntries(described) }
}

/** A path in OpenAPI's spelling: `/webhooks/{webhook_id}` for `/webhooks/:webhook_id`. */
const templateOf = (path: string): string => path.replace(/:(\w+)/g, '{$1}')
const inPath = (path: string, name: string): boolean => path.split('/').includes(`:${name}`)

const header = (name: string, required: boolean, description: string, type = 'string'): Json => ({
  name,
  in: 'header',
  required,
  description,
  schema: { type },
})

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

const errorEnvelope: Json = {
  type: 'object',
  required: ['code', 'data', 'message'],
  properties: {
    code: { type: 'integer', description: 'a code of the API, or the HTTP status' },
    data: { type: 'null' },
    message: { type: 'string', description: 'what is wrong, and what would work' },
  },
}

const errorResponses = (described: Readonly<Record<number, string>>): Json =>
  Object.fromEntries(
    Object.entries(described).map(([status, description]) => [
      status,
      { description, content: { 'application/json': { schema: errorEnvelope } } },
    ]),
  )

const idempotencyKey = header(
  'idempotency-key',
  false,
  'Makes the call safe to repeat: the same key and input change something once, and are answered alike. 1 to 255 visible ASCII characters.',
)

/** The credentials for each kind of call (docs/behaviour.md, section 2). */
const securitySchemes: Json = {
  accessToken: {
    type: 'apiKey',
    in: 'header',
    name: 'access-token',
    description:
      'A JWT that the server of the app signs: `app`, `sub` (the user id), `role` 1, `iat`, `exp`; for administrators `role` 2.',
  },
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'The same token.' },
  operatorToken: {
    type: 'apiKey',
    in: 'header',
    name: 'access-token',
    description: 'A JWT under OPERATOR_SECRET with `role` 3, `iat` and `exp`: `cohort token --operator`.',
  },
  consoleSession: {
    type: 'apiKey',
    in: 'cookie',
    name: 'cohort_session',
    description: 'A session of the console, beside the header `x-cohort-session: 1`.',
  },
}
const callerSecurity = [{ accessToken: [] }, { bearer: [] }, { operatorToken: [] }]
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

/** OpenAPI 3.1 of these operations and routes. Every path in it is made from their values. */
export function openApi(
  operations: readonly Operation[],
  routes: readonly Route[],
  version: string,
  publicUrl: string,
): Json {
  const paths: Record<string, Json> = {}
  const add = (path: string, methods: readonly Method[], operation: Operation, tag: string) => {
    for (const method of methods) {
      const template = templateOf(path)
      paths[template] = { ...paths[template], [method.toLowerCase()]: describe(operation, method, path, tag) }
    }
  }
  for (const operation of operations) {
    add(operation.path, operation.methods, operation, operation.tag)
    for (const { path, methods } of operation.compat ?? []) add(path, methods, operation, 'compat')
  }
  for (const route of routes) {
    if (route.tag === 'page') continue
    for (const method of route.methods) {
      const template = templateOf(route.path)
      paths[template] = { ...paths[template], [method.toLowerCase()]: describeRoute(route, method) }
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Cohort',
      version,
      description: introduction(publicUrl),
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: publicUrl === '' ? '/' : publicUrl, description: 'This service' }],
    tags: [
      { name: 'group', description: 'Groups and their members' },
      { name: 'file', description: 'Avatars and chat files' },
      { name: 'authz', description: 'What a message server asks: who may, and who receives' },
      { name: 'events', description: 'Beside the reference: what happened, and how to keep up with it' },
      { name: 'compat', description: 'Beside the reference: routes that existing clients also call' },
      { name: 'administration', description: 'Lists and usage of an app, for its administrators' },
      { name: 'operator', description: 'All apps and the service, for whoever runs it' },
      { name: 'service', description: 'The service itself' },
    ],
    paths,
    components: { securitySchemes },
  }
}

/** What a newcomer needs first, and the rules of every call. */
const introduction = (publicUrl: string): string =>
  [
    'Groups and files of an instant-messaging backend.',
    '## Authentication and first call',
    "Every call names its app in the header `app_id` and its caller in `access-token`: a JWT (HS256) that the app's own server signs with the app's secret, with the claims `app`, `sub` (the user id as a string), `role` 1, `iat` and `exp`. To try, `cohort token --app demo --user 1` prints one:",
    `\`\`\`sh\ncurl -X POST ${publicUrl || 'http://127.0.0.1:8787'}/group/create -H 'app_id: demo' -H "access-token: $TOKEN" \\\n  -H 'content-type: application/json' -d '{"name":"Book club"}'\n\`\`\``,
    'An administrator token has `role` 2: it acts as a user with the header `user_id`, as the owner of a group with `group_id`, and may call what is for administrators. Pages without a bundler find a typed client at `/client.js`.',
    '## Answers',
    'Every JSON answer is `{"code", "data", "message"}`; `code` 200 and `message` null mean success. An error of the API answers HTTP 200 with its own code and a message that names the field or rule.',
    'Parameters are read from the query and from a JSON body alike; the body wins. `PUT`, `POST` and `DELETE` on one path are the same operation.',
    '## Codes',
    Object.values(errors)
      .map(([code, text]) => `- \`${code}\` ${text}`)
      .join('\n'),
  ].join('\n\n')

/**
 * The parameters that must be sent. Each schema is asked whether it accepts undefined. The schema's JSON form
 * does not tell this: it shows a list that is checked and then tidied as optional.
 */
const requiredOf = ({ shape }: z.ZodObject): string[] =>
  Object.entries(shape).flatMap(([name, type]) =>
    (type as z.ZodType).safeParse(undefined).success ? [] : [name],
  )

/** Parameters that stand in the path or the query. */
const parametersOf = (
  path: string,
  properties: Readonly<Record<string, Json>>,
  required: readonly string[],
): Json[] =>
  Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: inPath(path, name) ? 'path' : 'query',
    required: inPath(path, name) || required.includes(name),
    ...(description !== undefined && { description }),
    schema,
  }))

function describe(operation: Operation, method: Method, path: string, tag: string): Json {
  const { properties, ...input } = inputSchema(path, operation.input)
  const required = requiredOf(operation.input)
  const inQuery = (name: string) => method === 'GET' || inPath(path, name)
  const sent = Object.entries(properties).filter(([name]) => !inQuery(name))
  const asked = Object.fromEntries(Object.entries(properties).filter(([name]) => inQuery(name)))
  const inBody = sent.length > 0
  const bodyRequired = required.filter(name => !inQuery(name))
  const operators = operation.who === 'operator'
  const writes = operation.writes && method !== 'GET'
  return {
    operationId: `${operation.id}${path === operation.path ? '' : `_${path.replaceAll('/', '_')}`}_${method.toLowerCase()}`,
    summary: operation.title,
    description: [operation.description, `Who may: ${whoMayDo(operation)}.`]
      .filter(text => text !== '')
      .join(' '),
    tags: [tag],
    security: operators ? operatorSecurity : callerSecurity,
    parameters: [
      ...(operators ? [] : callerHeaders),
      ...(writes && !operators ? [idempotencyKey] : []),
      ...parametersOf(path, asked, required),
    ],
    ...(inBody && {
      requestBody: {
        required: bodyRequired.length > 0,
        content: {
          'application/json': {
            schema: { ...input, properties: Object.fromEntries(sent), required: bodyRequired },
          },
        },
      },
    }),
    responses: {
      '200': {
        description: 'Success, or an error of the API: see `code`.',
        content: { 'application/json': { schema: envelope(operation) } },
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
function describeRoute(route: Route, method: Method): Json {
  const { properties } = inputSchema(route.path, route.query)
  const query = parametersOf(route.path, properties, requiredOf(route.query))
  const takes = route.takes?.[method]
  return {
    operationId: route.methods.length === 1 ? route.id : `${route.id}_${method.toLowerCase()}`,
    summary: route.title,
    description: [route.description, whoMayCall[route.who]].filter(text => text !== '').join(' '),
    tags: [route.tag],
    security: securityOf(route),
    parameters: [...headersOf(route), ...query],
    ...(takes && { requestBody: { required: true, content: contentOf(route.path, takes, 'input') } }),
    responses: {
      ...errorResponses(httpErrors),
      ...Object.fromEntries(
        Object.entries(route.answers).map(([status, { description, content }]) => [
          status,
          { description, ...(content && { content: contentOf(route.path, content, 'output') }) },
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

const contentOf = (path: string, content: Readonly<Record<string, Content>>, io: 'input' | 'output'): Json =>
  Object.fromEntries(
    Object.entries(content).map(([type, schema]) => [type, { schema: contentSchema(path, schema, io) }]),
  )

function contentSchema(path: string, schema: Content, io: 'input' | 'output'): Json {
  if (schema === 'bytes') return { type: 'string', format: 'binary' }
  return io === 'input' && schema instanceof z.ZodObject ? inputSchema(path, schema) : schemaOf(schema, io)
}
