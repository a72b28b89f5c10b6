import { is } from 'drizzle-orm'
import { getTableConfig, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { expect, it } from 'vitest'
import { impersonal, kept, personal } from '../support/personal.ts'
import { sourcesIn } from '../support/sources.ts'

/** All tables of the modules src/db/schema*.ts, also of a module that is new. */
async function allTables() {
  const modules = sourcesIn('src').filter(({ path }) => /^db\/schema[\w-]*\.ts$/.test(path))
  expect(modules.length).toBeGreaterThan(4)
  const exported = await Promise.all(
    modules.map(({ path }) => import(/* @vite-ignore */ new URL(`../../src/${path}`, import.meta.url).href)),
  )
  return exported
    .flatMap(module => Object.values(module))
    .filter(value => is(value, SQLiteTable))
    .map(table => getTableConfig(table as SQLiteTable))
}

it('every column of every table is known to erasure and export, or said to say nothing of a user', async () => {
  const tables = await allTables()
  const unknown = tables.flatMap(({ name, columns }) =>
    columns
      .map(column => column.name)
      .filter(column => {
        const place = `${name}.${column}`
        const { [name]: without = [] } = impersonal
        return !(
          place in personal ||
          kept.includes(place) ||
          without.includes('*') ||
          without.includes(column)
        )
      })
      .map(column => `${name}.${column}`),
  )
  expect(unknown, 'see test/support/personal.ts').toEqual([])
  const places = tables.flatMap(({ name, columns }) => columns.map(column => `${name}.${column.name}`))
  expect([...Object.keys(personal), ...kept].filter(place => !places.includes(place))).toEqual([])
})
