import { errors } from '../../operation/errors.ts'
import type { Method, Operation } from '../../operation/operation.ts'
import type { Route } from '../route.ts'
import { describeOperation, describeRoute } from './call.ts'
import { type Json, templateOf } from './schema.ts'
import { sectionOf, sections } from './sections.ts'

const errorEnvelope: Json = {
  type: 'object',
  required: ['code', 'data', 'message'],
  properties: {
    code: { type: 'integer', description: 'a code of the API, or the HTTP status' },
    data: { type: 'null' },
    message: { type: 'string', description: 'what is wrong, and what would work' },
  },
}

/** The credentials for each kind of call (docs/behaviour.md, section 2). */
const securitySchemes: Json = {
  app: { type: 'apiKey', in: 'header', name: 'app_id', description: 'The app (tenant), such as `demo`.' },
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
      paths[template] = {
        ...paths[template],
        [method.toLowerCase()]: describeOperation(operation, method, path, tag),
      }
    }
  }
  for (const operation of operations) {
    add(operation.path, operation.methods, operation, sectionOf(operation))
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
    tags: sections.map(({ name, description }) => ({ name, description })),
    paths,
    components: { securitySchemes, schemas: { Error: errorEnvelope } },
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
