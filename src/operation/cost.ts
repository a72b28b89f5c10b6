/** How many ids, or other items, an input names: what an operation on many costs more than one on a single one. */
export function itemsIn(input: unknown): number {
  let items = 0
  if (typeof input === 'object' && input !== null) {
    for (const value of Object.values(input)) if (Array.isArray(value)) items += value.length
  }
  return items
}
