import { z } from 'zod'
import { errors } from '../operation/errors.ts'
import type { Method, Operation } from '../operation/operation.ts'
import type { Content, Route } from './route.ts'

type Json = Record<string, unknown>

const schemaOf = (type: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io, unrepresentable: 'any' }) as Json
  return schema
}

const header = (name: string, required: boolean, description: string, type = 'string'): Json => ({
  name,
  in: 'header',
  required,
  description,
  schema: { type },
})

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

/** OpenAPI 3.1 of these operations and routes: every path in it is read off them. */
export function openApi(
  operations: readonly Operation[],
  routes: readonly Route[],
  version: string,
  publicUrl: string,
): Json {
  const paths: Record<string, Json> = {}
  const add = (path: string, methods: readonly Method[], operation: Operation, tag: string) => {
    for (const method of methods) {
      paths[path] = { ...paths[path], [method.toLowerCase()]: describe(operation, method, path, tag) }
    }
  }
  for (const operation of operations) {
    add(operation.path, operation.methods, operation, operation.tag)
    for (const { path, methods } of operation.compat ?? []) add(path, methods, operation, 'compat')
  }
  for (const route of routes) {
    for (const method of route.methods) {
      paths[route.path] = { ...paths[route.path], [method.toLowerCase()]: describeRoute(route, method) }
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Cohort',
      version,
      description: [
        'Groups and files of an instant-messaging backend. Every JSON answer is `{"code", "data", "message"}`; `code` 200 and `message` null mean success, and an error of the API answers HTTP 200 with its own code.',
        'Parameters are read from the query and from a JSON body alike; the body wins. `PUT`, `POST` and `DELETE` on one path are the same operation.',
        `Codes: ${Object.values(errors)
          .map(([code, text]) => `${code} ${text}`)
          .join('; ')}.`,
      ].join('\n\n'),
      license: { name: 'MIT', identifier: 'MIT' },
    },
    ...(publicUrl !== '' && { servers: [{ url: publicUrl }] }),
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
  }
}

/**
 * The parameters that must be sent. A schema itself knows best what it makes of nothing: its JSON form takes a
 * list that is checked and then tidied for optional.
 */
const requiredOf = ({ shape }: z.ZodObject): string[] =>
  Object.entries(shape).flatMap(([name, type]) =>
    (type as z.ZodType).safeParse(undefined).success ? [] : [name],
  )

function describe(operation: Operation, method: Method, path: string, tag: string): Json {
  const input = schemaOf(operation.input, 'input')
  const properties = (input.properties ?? {}) as Record<string, Json>
  const required = requiredOf(operation.input)
  const inBody = method !== 'GET' && Object.keys(properties).length > 0
  const query = Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: method === 'GET' && required.includes(name),
    schema,
  }))
  const who = operation.requires === undefined ? 'any user of the app' : whoMay[operation.requires]
  return {
    operationId: `${operation.id}${path === operation.path ? '' : `_${path.replaceAll('/', '_')}`}_${method.toLowerCase()}`,
    summary: operation.title,
    description: [operation.description, `Who may: ${who}${operation.self ? ', for itself' : ''}.`]
      .filter(text => text !== '')
      .join(' '),
    tags: [tag],
    parameters: [...callerHeaders, ...(inBody ? [] : query)],
    ...(inBody && {
      requestBody: {
        required: required.length > 0,
        content: { 'application/json': { schema: { ...input, required } } },
      },
    }),
    responses: {
      '200': {
        description: 'Success, or an error of the API: see `code`.',
        content: { 'application/json': { schema: envelope(operation) } },
      },
    },
  }
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

/** What a route takes and answers, read off its value. */
function describeRoute(route: Route, method: Method): Json {
  const { properties = {} } = schemaOf(route.query, 'input') as { properties?: Record<string, Json> }
  const required = requiredOf(route.query)
  const query = Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(description !== undefined && { description }),
    schema,
  }))
  const takes = route.takes?.[method]
  return {
    operationId: route.methods.length === 1 ? route.id : `${route.id}_${method.toLowerCase()}`,
    summary: route.title,
    description: [route.description, whoMayCall[route.who]].filter(text => text !== '').join(' '),
    tags: [route.tag],
    parameters: [...headersOf(route), ...query],
    ...(takes && { requestBody: { required: true, content: contentOf(takes, 'input') } }),
    responses: Object.fromEntries(
      Object.entries(route.answers).map(([status, { description, content }]) => [
        status,
        { description, ...(content && { content: contentOf(content, 'output') }) },
      ]),
    ),
  }
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

/** Headers that name the caller. A file may be asked for without any: its credentials may be in the query. */
function headersOf({ who }: Route): readonly Json[] {
  if (who === 'user' || who === 'administrator') return callerHeaders
  return who === 'file' || who === 'machine' ? callerHeaders.map(sent => ({ ...sent, required: false })) : []
}

const contentOf = (content: Readonly<Record<string, Content>>, io: 'input' | 'output'): Json =>
  Object.fromEntries(
    Object.entries(content).map(([type, schema]) => [
      type,
      { schema: schema === 'bytes' ? { type: 'string', format: 'binary' } : schemaOf(schema, io) },
    ]),
  )
