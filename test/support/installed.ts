import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * Whether a program is on the PATH. What needs one that is not a package of this project is left out where it
 * is missing, by `skipIf` or by a title that says so: the report of a run shows it.
 */
export function installed(...programs: readonly string[]): boolean {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return programs.every(program => folders.some(folder => isExecutable(join(folder, program))))
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
