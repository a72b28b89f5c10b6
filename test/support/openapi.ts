export type Json = Readonly<Record<string, unknown>>

export interface Parameter {
  readonly name: string
  readonly in: string
  readonly description?: string
  readonly required?: boolean
  readonly schema: Json
}

export interface DescribedCall {
  readonly operationId?: string
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Json }>> }
  readonly responses: Readonly<
    Record<
      string,
      { readonly description: string; readonly content?: Readonly<Record<string, { readonly schema: Json }>> }
    >
  >
}

export interface OpenApi {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string }
  readonly tags?: readonly { readonly name: string }[]
  readonly components?: { readonly schemas?: Json }
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedCall>>>>
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']
const types = ['null', 'boolean', 'object', 'array', 'number', 'string', 'integer']
const places = ['query', 'header', 'path', 'cookie']

/** What of OpenAPI 3.1 a document does not keep to; empty when it is valid. */
export function openApiProblems(document: OpenApi): string[] {
  const problems: string[] = []
  const claim = (holds: boolean, problem: string) => {
    if (!holds) problems.push(problem)
  }
  claim(/^3\.1\.\d+$/.test(document.openapi), `openapi is ${document.openapi}`)
  claim(Boolean(document.info?.title) && Boolean(document.info?.version), 'info lacks title or version')
  const tags = (document.tags ?? []).map(tag => tag.name)
  claim(new Set(tags).size === tags.length, 'tags repeat')
  const operationIds = new Set<string>()

  const schema = (where: string, value: unknown): void => {
    if (typeof value === 'boolean') return
    claim(typeof value === 'object' && value !== null, `${where} is no schema`)
    const {
      $ref,
      type,
      properties,
      items,
      anyOf,
      oneOf,
      allOf,
      required,
      enum: values,
      ...rest
    } = (value ?? {}) as Json
    if ($ref !== undefined)
      claim(
        String($ref).replace('#/components/schemas/', '') in (document.components?.schemas ?? {}),
        `${where} refers to ${String($ref)}`,
      )
    for (const name of type === undefined ? [] : [type].flat())
      claim(types.includes(String(name)), `${where} has the type ${String(name)}`)
    claim(
      required === undefined ||
        (Array.isArray(required) && required.every(name => name in ((properties ?? {}) as Json))),
      `${where} requires what it lacks`,
    )
    claim(values === undefined || (Array.isArray(values) && values.length > 0), `${where} has an empty enum`)
    claim(!('nullable' in rest) && !('example' in rest), `${where} speaks OpenAPI 3.0`)
    for (const [name, property] of Object.entries((properties ?? {}) as Json))
      schema(`${where}.${name}`, property)
    if (items !== undefined) schema(`${where}[]`, items)
    for (const option of [anyOf, oneOf, allOf].flatMap(options => (options ?? []) as unknown[]))
      schema(where, option)
  }

  for (const [path, item] of Object.entries(document.paths)) {
    claim(/^\/[\w./{}-]*$/.test(path), `${path} is no path`)
    for (const [method, call] of Object.entries(item)) {
      const where = `${method} ${path}`
      claim(methods.includes(method), `${where} has no such method`)
      if (call.operationId !== undefined) {
        claim(!operationIds.has(call.operationId), `${where} repeats the operationId ${call.operationId}`)
        operationIds.add(call.operationId)
      }
      for (const tag of call.tags ?? []) claim(tags.includes(tag), `${where} has the undeclared tag ${tag}`)
      const parameters = call.parameters ?? []
      claim(
        new Set(parameters.map(parameter => `${parameter.in} ${parameter.name}`)).size === parameters.length,
        `${where} repeats a parameter`,
      )
      for (const parameter of parameters) {
        claim(places.includes(parameter.in), `${where}: ${parameter.name} is in ${parameter.in}`)
        schema(`${where} ${parameter.name}`, parameter.schema)
      }
      for (const [type, content] of Object.entries(call.requestBody?.content ?? {}))
        schema(`${where} ${type}`, content.schema)
      claim(Object.keys(call.responses ?? {}).length > 0, `${where} has no responses`)
      for (const [status, response] of Object.entries(call.responses ?? {})) {
        claim(
          /^([1-5]\d\d|default)$/.test(status) && typeof response.description === 'string',
          `${where} ${status} is not described`,
        )
        for (const content of Object.values(response.content ?? {}))
          schema(`${where} ${status}`, content.schema)
      }
    }
  }
  return problems
}
