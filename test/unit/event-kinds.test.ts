import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { kinds } from '../../src/events/event.ts'

it('docs/events.md has a row for every kind of event, and for none that is not', () => {
  const docs = readFileSync('docs/events.md', 'utf8')
  const rows = docs.split('\n').filter(line => /^\| `[a-z]+\./.test(line))
  const named = rows.flatMap(row =>
    [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, kind]) => kind),
  )
  expect(named.sort()).toEqual(Object.keys(kinds).sort())
})
