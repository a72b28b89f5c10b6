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

/** One call: a method at a path. `described` is all of it but the name. */
interface ListedCall {
  readonly id: string
  readonly method: Method
  readonly path: string
  readonly described: Json
}

const listed = (operations: readonly Operation[], routes: readonly Route[]): ListedCall[] => [
  ...operations.flatMap(operation => {
    const own = { path: operation.path, methods: operation.methods, tag: sectionOf(operation) }
    const others = (operation.compat ?? []).map(route => ({ ...route, tag: 'compat' }))
    return [own, ...others].flatMap(({ path, methods, tag }) =>
      methods.map(method => ({
        id: operation.id,
        method,
        path,
        described: describeOperation(operation, method, path, tag),
      })),
    )
  }),
  ...routes
    .filter(({ tag }) => tag !== 'page')
    .flatMap(route =>
      route.methods.map(method => ({
        id: route.id,
        method,
        path: route.path,
        described: describeRoute(route, method),
      })),
    ),
]

/**
 * The name of a call, from which generated clients make their methods: `group_create` for /group/create. The
 * method follows where it is not the operation's first, as in `group_info_name_post`, or where a path has
 * several operations, as in `webhooks_get`.
 */
function operationIdOf({ id, method, path }: ListedCall, calls: readonly ListedCall[]): string {
  const here = calls.filter(call => call.path === path)
  const isFirst = here[0]?.method === method && here.every(call => call.id === id)
  return `${path.slice(1).replace(/\W+/g, '_')}${isFirst ? '' : `_${method.toLowerCase()}`}`
}

/** OpenAPI 3.1 of these operations and routes. Every path in it is made from their values. */
export function openApi(
  operations: readonly Operation[],
  routes: readonly Route[],
  version: string,
  publicUrl: string,
): Json {
  const calls = listed(operations, routes)
  const paths: Record<string, Json> = {}
  for (const call of calls) {
    const template = templateOf(call.path)
    const described = { operationId: operationIdOf(call, calls), ...call.described }
    paths[template] = { ...paths[template], [call.method.toLowerCase()]: described }
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
    components: { securitySchemes, schemas: { Failure: errorEnvelope } },
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
