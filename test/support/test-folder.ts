import { join } from 'node:path'
import { afterAll } from 'vitest'
import { removeFolder, temporaryFolder } from './process.ts'
import { type Installation, installation, nodeProgram } from './programs.ts'

/** A folder for the tests of one file, removed after the last of them. To be called where the file begins. */
export function testFolder() {
  const folder = temporaryFolder()
  afterAll(() => removeFolder(folder))
  let count = 0
  /** A path in the folder that nothing has yet. */
  const place = (name: string): string => join(folder, `${++count}-${name}`)
  /** A new installation on Node. */
  const onNode = (): Installation => installation('node', nodeProgram, place('data'))
  return { folder, place, onNode }
}
