import * as z from 'zod'
import { meaningOf } from '../../operation/meanings.ts'

/* Schemas and parameters of the OpenAPI document, made from zod's. */

export type Json = Record<string, unknown>

export const schemaOf = (type: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io, unrepresentable: 'any' }) as Json
  return schema
}

/** The schema of the input at a path: every field with its meaning, unit, default and range. */
export function inputSchema(
  path: string,
  type: z.ZodObject,
): Json & { readonly properties: Record<string, Json> } {
  const { properties = {}, ...schema } = schemaOf(type, 'input') as { properties?: Record<string, Json> }
  const described = Object.entries(properties).map(([name, field]) => {
    const description = field.description ?? meaningOf(path, name)
    return [name, { ...field, ...(description !== undefined && { description }) }] as const
  })
  return { ...schema, properties: Object.fromEntries(described) }
}

/** A path in OpenAPI's spelling: `/webhooks/{webhook_id}` for `/webhooks/:webhook_id`. */
export const templateOf = (path: string): string => path.replace(/:(\w+)/g, '{$1}')
export const inPath = (path: string, name: string): boolean => path.split('/').includes(`:${name}`)

export const header = (name: string, required: boolean, description: string, type = 'string'): Json => ({
  name,
  in: 'header',
  required,
  description,
  schema: { type },
})

/**
 * The parameters that must be sent. Each schema is asked whether it accepts undefined. The schema's JSON form
 * does not tell this: it shows a list that is checked and then tidied as optional.
 */
export const requiredOf = ({ shape }: z.ZodObject): string[] =>
  Object.entries(shape).flatMap(([name, type]) =>
    (type as z.ZodType).safeParse(undefined).success ? [] : [name],
  )

/** Parameters that stand in the path or the query. `examples` has a good value of some. */
export const parametersOf = (
  path: string,
  properties: Readonly<Record<string, Json>>,
  required: readonly string[],
  examples: Json = {},
): Json[] =>
  Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: inPath(path, name) ? 'path' : 'query',
    required: inPath(path, name) || required.includes(name),
    ...(description !== undefined && { description }),
    schema,
    ...(name in examples && { example: examples[name] }),
  }))
