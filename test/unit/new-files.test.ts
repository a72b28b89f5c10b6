import { join } from 'node:path'
import { afterAll, beforeEach, expect, it } from 'vitest'
import type { SerialEngine } from '../../src/db/engine.ts'
import { betterSqlite3 } from '../../src/db/engines/better-sqlite3.ts'
import { migrate } from '../../src/db/migrate.ts'
import { objectState } from '../../src/db/states.ts'
import { NewFiles } from '../../src/entry/cli/mirror/follow.ts'
import { times } from '../support/crowds.ts'
import { removeFolder, temporaryFolder } from '../support/process.ts'

const folder = temporaryFolder()
afterAll(() => removeFolder(folder))
let engine: SerialEngine
let count = 0
beforeEach(() => {
  engine = betterSqlite3(join(folder, `${++count}.db`))
  migrate(engine)
})

const { promised, stored, released } = objectState
const insert = (name: string, state: number): void =>
  engine.exec(`INSERT INTO objects (object_name, app_id, user_id, kind, state, size, content_type, etag, created_at, derived)
    VALUES ('${name}', 'a', 1, 100, ${state}, 3, 'text/plain', '', 0, '{}')`)
const change = (name: string, state: number): void =>
  engine.exec(`UPDATE objects SET state = ${state} WHERE object_name = '${name}'`)
const remove = (name: string): void => engine.exec(`DELETE FROM objects WHERE object_name = '${name}'`)
const namesOf = (files: ReturnType<NewFiles['look']>) => files?.map(({ object_name }) => object_name)

it('answers each file once, when it is stored', () => {
  insert('old', stored)
  insert('early', promised)
  const files = new NewFiles(engine)
  insert('new', stored)
  insert('late', promised)
  expect(files.look()).toMatchObject([{ object_name: 'new', size: 3, content_type: 'text/plain' }])
  expect(files.look()).toEqual([])
  change('early', stored)
  change('late', stored)
  expect(namesOf(files.look())?.sort()).toEqual(['early', 'late'])
  insert('deleted', promised)
  files.look()
  change('deleted', released)
  expect(files.look()).toEqual([])
})

it('sees a file whose row has the number of a deleted one', () => {
  insert('first', stored)
  const files = new NewFiles(engine)
  insert('gone', stored)
  expect(namesOf(files.look())).toEqual(['gone'])
  remove('gone')
  insert('instead', stored)
  expect(namesOf(files.look())).toEqual(['instead'])
})

it('says when the numbers of rows begin anew', () => {
  for (const i of times(600)) insert(`before-${i}`, stored)
  const files = new NewFiles(engine)
  engine.exec('DELETE FROM objects')
  insert('new', stored)
  expect(files.look()).toBeUndefined()
  expect(new NewFiles(engine).look()).toEqual([])
})
