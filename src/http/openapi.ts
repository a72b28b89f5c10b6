import { z } from 'zod'
import { errors } from '../operation/errors.ts'
import type { Method, Operation } from '../operation/operation.ts'

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

/** OpenAPI 3.1 of these operations: everything in it is read off them. */
export function openApi(operations: readonly Operation[], version: string, publicUrl: string): Json {
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
      { name: 'compat', description: 'Beside the reference: routes that existing clients also call' },
      { name: 'service', description: 'The service itself' },
    ],
    paths: { ...paths, ...filePaths, ...servicePaths },
  }
}

function describe(operation: Operation, method: Method, path: string, tag: string): Json {
  const input = schemaOf(operation.input, 'input')
  const properties = (input.properties ?? {}) as Record<string, Json>
  // What a schema makes of nothing is known best by itself: its JSON form takes a list that is checked and
  // then tidied for optional.
  const required = Object.entries(operation.input.shape).flatMap(([name, type]) =>
    (type as z.ZodType).safeParse(undefined).success ? [] : [name],
  )
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
  required: ['code', 'data', 'message', ...(operation.paged ? ['cursor', 'total', 'version'] : [])],
  properties: {
    code: { type: 'integer', description: '200 is success' },
    data: { anyOf: [schemaOf(operation.answer, 'output'), { type: 'null' }] },
    message: { type: ['string', 'null'], description: 'null is success' },
    ...(operation.paged && {
      cursor: { type: 'string', description: "where the next page starts; '' on the last" },
      total: { type: 'integer' },
      version: { type: 'integer', description: "the group's change counter" },
    }),
  },
})

const plain = (summary: string, description: string, type = 'text/plain'): Json => ({
  get: {
    summary,
    tags: ['service'],
    responses: {
      '200': {
        description,
        content: { [type]: { schema: { type: type === 'application/json' ? 'object' : 'string' } } },
      },
    },
  },
})

const inQuery = (name: string, description: string, required = false, type = 'string'): Json => ({
  name,
  in: 'query',
  required,
  description,
  schema: { type },
})

const picture = [
  inQuery(
    'image_type',
    '1 original, 2 thumbnail (fits inside w × h, never enlarged), 3 cover (fills w × h, cropped in the middle)',
    false,
    'integer',
  ),
  inQuery('w', 'pixels, 1 to 4096; default 200', false, 'number'),
  inQuery('h', 'pixels, 1 to 4096; default 200', false, 'number'),
  inQuery(
    'thumbnail_strategy',
    '1 by the image service, where one is configured; 2 by this service',
    false,
    'integer',
  ),
]
const credentials = [
  inQuery('access-token', 'instead of the header: an img element sends none'),
  inQuery('app_id', 'instead of the header'),
  inQuery('store_token', 'a token that is good for files only'),
  inQuery('sdk_sign', "hex HMAC-SHA-256 of the file's name under the app's secret"),
]

const bytes = (summary: string, description: string, parameters: readonly Json[]): Json => ({
  get: {
    summary,
    description,
    tags: ['file'],
    parameters: [...callerHeaders.map(sent => ({ ...sent, required: false })), ...parameters, ...credentials],
    responses: {
      '200': {
        description: 'The bytes',
        content: { '*/*': { schema: { type: 'string', format: 'binary' } } },
      },
      '206': { description: 'The range that was asked for' },
      '302': { description: 'The store serves it: a URL that is good for five minutes' },
      '304': { description: 'Not modified' },
      '401': { description: 'No credential, or one that is wrong or expired' },
      '403': { description: 'The caller may not read this file' },
      '404': { description: 'There is no such file' },
      '416': { description: 'The range is not within the file' },
      '422': { description: '10009: it cannot be converted' },
    },
  },
})

const upload = (content: Json): Json => ({
  summary: 'Send the bytes',
  description: 'The upload_url of an upload operation: works once, until it expires.',
  tags: ['file'],
  parameters: [inQuery('slot', 'part of the URL', true)],
  requestBody: { required: true, content },
  responses: { '200': { description: '`{"code":200,"data":true,"message":null}`, or an error of the API' } },
})

const filePaths: Record<string, Json> = {
  '/file/download/avatar': bytes('Download an avatar', 'Any user of the app may.', [
    inQuery('object_name', 'which', true),
    ...picture,
  ]),
  '/file/download/chat': bytes(
    'Download a chat file',
    'The sender, the receiver, or a current member of the group it was sent to may.',
    [
      inQuery('file_sign', 'which: from the download_url', true),
      ...picture,
      inQuery('format', '`mp3` converts AMR voice'),
      inQuery('source', '`miniprogram`: never redirect'),
    ],
  ),
  '/file/upload/object': {
    put: upload({ '*/*': { schema: { type: 'string', format: 'binary' } } }),
    post: upload({
      'multipart/form-data': {
        schema: { type: 'object', properties: { file: { type: 'string', format: 'binary' } } },
      },
    }),
  },
}

const servicePaths: Record<string, Json> = {
  '/healthz': plain('Is the process up?', 'ok'),
  '/readyz': plain('Does the database answer?', 'ok; 503 if it does not'),
  '/metrics': plain(
    'Counters in the text format of Prometheus',
    'For an administrator token, or from loopback.',
  ),
  '/openapi.json': plain('This document', 'OpenAPI 3.1', 'application/json'),
  '/docs': plain('This document as a page', 'HTML', 'text/html'),
}
