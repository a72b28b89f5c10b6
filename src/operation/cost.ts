/**
 * How many ids or other items an input names. An operation on many items costs more than one on a single
 * item.
 */
export function itemsIn(input: unknown): number {
  let items = 0
  if (typeof input === 'object' && input !== null) {
    for (const value of Object.values(input)) if (Array.isArray(value)) items += value.length
  }
  return items
}
