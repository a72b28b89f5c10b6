import { examples as recorded } from './examples.gen.ts'

/** One call of an operation or a route as it was made, and its answer. */
export interface Example {
  readonly input: Readonly<Record<string, unknown>>
  /** JSON, or the text of the other answers; undefined for bytes. */
  readonly answer?: unknown
}

const examples: Readonly<Record<string, Example>> = recorded

/**
 * The example of an operation or a route. `test/client/examples.test.ts` records them from a running service.
 */
export const exampleOf = (id: string): Example | undefined => examples[id]

/** Those values of the example that stand in one place, such as the body; undefined if there is none. */
export function pick(
  example: Example | undefined,
  names: readonly string[],
): Readonly<Record<string, unknown>> | undefined {
  const values = Object.entries(example?.input ?? {}).filter(([name]) => names.includes(name))
  return values.length === 0 ? undefined : Object.fromEntries(values)
}
