import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Import {
  /** As written. */
  readonly specifier: string
  /** The file it means, relative to the folder, where it is one of this project's. */
  readonly file: string | undefined
  /** Erased when built: says something of types only. */
  readonly typeOnly: boolean
}

export interface Source {
  /** Relative to the folder asked for: `group/info.ts`. */
  readonly path: string
  readonly text: string
  /** Without comments. */
  readonly code: string
  readonly imports: readonly Import[]
}

/** The TypeScript of a folder of the project, without what is generated or installed. */
export function sourcesIn(folder: string): Source[] {
  const base = join(root, folder)
  return readdirSync(base, { recursive: true, encoding: 'utf8' })
    .filter(path => /\.(ts|mts)$/.test(path) && !/\.gen\.(d\.)?ts$|(^|\/)node_modules\//.test(path))
    .sort()
    .map(path => {
      const text = readFileSync(join(base, path), 'utf8')
      const code = text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')
      return { path, text, code, imports: importsOf(base, path, code) }
    })
}

const statement =
  /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*(?:new URL\()?['"]([^'"]+)['"]/gm

function importsOf(base: string, path: string, code: string): Import[] {
  return [...code.matchAll(statement)].map(([, type, written, loaded]) => {
    const specifier = written ?? loaded ?? ''
    const file = specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : undefined
    const ours = file !== undefined && !file.startsWith('..') && existsSync(join(base, file))
    return { specifier, file: ours ? file : undefined, typeOnly: type !== undefined }
  })
}
