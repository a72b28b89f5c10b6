/**
 * Writes the typed client's interfaces and methods, one an operation, from the operations themselves. Run:
 * `npm run generate:client`.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import type { Route } from '../src/http/route.ts'
import { errors } from '../src/operation/errors.ts'
import { meaningOf } from '../src/operation/meanings.ts'
import type { Method } from '../src/operation/operation.ts'
import { operations } from '../src/operations.ts'
import { routes } from '../src/routes.ts'
import { clientNames } from './client-names.ts'

interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly prefixItems?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
}

/** Namespaces that classes of the client add to: `Cohort` makes these by hand. */
const madeByHand = ['file']

const schemaOf = (type: z.ZodType, io: 'input' | 'output'): Schema =>
  z.toJSONSchema(type, { io, unrepresentable: 'any' }) as Schema

const camelCase = (text: string): string =>
  text.replace(/^[^a-z]+/i, '').replace(/[^a-z0-9]+([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase())
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** What the client calls: an operation, or a route that speaks JSON in the envelope. */
interface Callable {
  readonly methods: readonly Method[]
  readonly path: string
  readonly title: string
  readonly description: string
  readonly self: boolean
  readonly paged: boolean | 'cursor'
  readonly writes: boolean
  readonly input: z.ZodObject
  readonly answer: z.ZodType
}

/** A route that answers JSON as an operation; undefined for what the client has no method for. */
function callable(route: Route): Callable | undefined {
  const [method = 'GET'] = route.methods
  const answer = route.answers[200]?.content?.['application/json']
  const spoken = route.who === 'operator' || route.tag === 'authz' || route.path.startsWith('/operator/')
  if (!spoken || !(answer instanceof z.ZodObject) || !('data' in answer.shape)) return undefined
  const body = route.takes?.[method]?.['application/json']
  const input = body instanceof z.ZodObject ? body : route.query
  return {
    ...route,
    self: false,
    paged: false,
    writes: method !== 'GET',
    input,
    answer: answer.shape.data as z.ZodType,
  }
}

interface Named {
  readonly operation: Callable
  readonly namespace: string
  readonly method: string
  /** `GroupCreate`: what its types begin with. */
  readonly typeName: string
}

function named(operation: Callable): Named {
  const { path, methods } = operation
  const given = clientNames[path] ?? clientNames[`${methods[0]} ${path}`]
  const [, first = '', rest = ''] = /^\/([\w-]+)\/?(.*)$/.exec(path) ?? []
  const [namespace = '', method = ''] = given?.split('.') ?? [
    camelCase(first),
    camelCase(rest.replaceAll(/[:{}]/g, '')) || (methods[0] ?? '').toLowerCase(),
  ]
  return { operation, namespace, method, typeName: capital(namespace) + capital(method) }
}

/** TypeScript for a schema, on one line but for objects. */
function typeOf(schema: Schema, indent: string): string {
  const options = schema.anyOf ?? schema.oneOf
  if (options !== undefined) return [...new Set(options.map(option => typeOf(option, indent)))].join(' | ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(value => JSON.stringify(value)).join(' | ')
  if (Array.isArray(schema.type))
    return schema.type.map(type => typeOf({ ...schema, type }, indent)).join(' | ')
  switch (schema.type) {
    case 'integer':
    case 'number':
      return 'number'
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type
    case 'array':
      if (schema.prefixItems !== undefined)
        return `readonly [${schema.prefixItems.map(item => typeOf(item, indent)).join(', ')}]`
      return `readonly ${wrapped(typeOf(schema.items ?? {}, indent))}[]`
    case 'object':
      return objectType(schema, indent)
    default:
      return 'unknown'
  }
}

const wrapped = (type: string): string => (/ \| |^readonly /.test(type) ? `(${type})` : type)

function objectType(schema: Schema, indent: string): string {
  const properties = Object.entries(schema.properties ?? {})
  const extra = schema.additionalProperties
  if (properties.length === 0)
    return typeof extra === 'object'
      ? `Readonly<Record<string, ${typeOf(extra, indent)}>>`
      : 'Readonly<Record<string, unknown>>'
  const fields = properties.map(([name, field]) => {
    const optional = schema.required?.includes(name) === true ? '' : '?'
    return `${doc(fieldDoc(field), `${indent}  `)}${indent}  readonly ${property(name)}${optional}: ${typeOf(field, `${indent}  `)}\n`
  })
  return `{\n${fields.join('')}${indent}}`
}

const property = (name: string): string => (/^[a-z_]\w*$/i.test(name) ? name : JSON.stringify(name))

/** What a field's schema says beside its type. */
function fieldDoc(schema: Schema): string {
  const { description = '', minimum, maximum, minLength = 0, maxLength, maxItems } = schema
  const facts = [
    schema.default === undefined || schema.default === ''
      ? ''
      : `Default: ${JSON.stringify(schema.default)}.`,
    maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? `${minimum ?? 0} to ${maximum}.` : '',
    maxLength === undefined ? '' : `${minLength} to ${maxLength} characters.`,
    maxItems === undefined ? '' : `At most ${maxItems}.`,
  ]
  const sentence = description === '' || /[.!?]$/.test(description) ? description : `${description}.`
  return [capital(sentence), ...facts].filter(text => text !== '').join(' ')
}

const doc = (text: string, indent: string): string =>
  text === '' ? '' : `${indent}/** ${text.replaceAll('*/', '* /')} */\n`

/** The input as the caller writes it: what the client fills in itself is left out. */
function inputOf({ operation }: Named): { readonly type: string; readonly optional: boolean } {
  const { properties = {}, ...schema } = schemaOf(operation.input, 'input')
  const known = Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => !(operation.paged && (name === 'cursor' || name === 'version')))
      .map(([name, field]) => {
        const description = field.description ?? meaningOf(operation.path, name)
        return [name, { ...field, ...(description !== undefined && { description }) }]
      }),
  )
  const required = Object.entries(operation.input.shape).flatMap(([name, type]) =>
    name in known && !(type as z.ZodType).safeParse(undefined).success ? [name] : [],
  )
  return {
    type: typeOf({ ...schema, type: 'object', properties: known, required }, ''),
    optional: required.length === 0,
  }
}

function answerOf({ operation }: Named): string {
  const schema = schemaOf(operation.answer, 'output')
  return typeOf(operation.paged ? (schema.items ?? {}) : schema, '')
}

const interfaceOf = (name: string, type: string): string =>
  type.startsWith('{') ? `export interface ${name} ${type}\n` : `export type ${name} = ${type}\n`

function typesOf(operation: Named): string {
  const { type } = inputOf(operation)
  const answer = `${operation.typeName}${operation.operation.paged ? 'Item' : 'Answer'}`
  return `${interfaceOf(`${operation.typeName}Input`, type)}${interfaceOf(answer, answerOf(operation))}`
}

function methodOf(one: Named): string {
  const { operation, method, typeName } = one
  const { methods, path } = operation
  const { optional } = inputOf(one)
  const lines = [
    `${operation.title}.`,
    operation.description,
    operation.self ? 'As a user: an administrator says whom it acts as.' : '',
  ].filter(text => text !== '')
  const arguments_ = `input${optional ? '?' : ''}: ${typeName}Input, options?: CallOptions`
  return `${doc(lines.join(' '), '    ')}    ${method}: (${arguments_}) => ${callOf(operation, typeName, methods, path)},\n`
}

function callOf(operation: Callable, typeName: string, methods: readonly string[], path: string): string {
  const [first = 'POST'] = methods
  const rest = `${JSON.stringify(path)}, input, options)`
  const reading = first === 'GET' ? 'GET' : 'POST'
  if (operation.paged) return `api.pages<${typeName}Item>('${reading}', ${rest}`
  const answer = `<${typeName}Answer>`
  // A GET that writes, such as one that promises a place for an upload, is repeated like any read.
  if (first === 'GET') return `api.get${answer}(${rest}`
  if (!operation.writes) return `api.query${answer}(${rest}`
  return methods.includes('POST') ? `api.write${answer}(${rest}` : `api.writeBy${answer}('${first}', ${rest}`
}

/** The whole module. */
export function clientModule(): string {
  const all = [...operations, ...routes.flatMap(route => callable(route) ?? [])].map(named)
  const repeated = all.find((one, i) => all.findIndex(other => other.typeName === one.typeName) !== i)
  if (repeated !== undefined)
    throw new Error(
      `scripts/client-names.ts: two operations would be ${repeated.namespace}.${repeated.method}`,
    )
  const namespaces = [...new Set(all.map(({ namespace }) => namespace))]
  const factories = namespaces.map(namespace => {
    const own = all.filter(one => one.namespace === namespace)
    return `export const ${namespace}Operations = (api: Connection) => ({\n${own.map(methodOf).join('')}})\n`
  })
  const fields = namespaces.filter(namespace => !madeByHand.includes(namespace))
  return [
    '// Made by scripts/generate-client.ts from the operations.',
    "import type { CallOptions, Connection } from './connection.ts'",
    '',
    '/** The codes of the API by name. */',
    `export const codes = ${JSON.stringify(Object.fromEntries(Object.entries(errors).map(([name, [code]]) => [name, code])), null, 2)} as const`,
    '',
    all.map(typesOf).join('\n'),
    factories.join('\n'),
    '/** Every operation of the API, by what it is about. */',
    'export class Operations {',
    ...fields.map(name => `  readonly ${name}: ReturnType<typeof ${name}Operations>`),
    '  constructor(api: Connection) {',
    ...fields.map(name => `    this.${name} = ${name}Operations(api)`),
    '  }',
    '}',
    '',
  ].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../src/client/operations.gen.ts', import.meta.url), clientModule())
}
