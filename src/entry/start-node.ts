import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'

/*
 * Starts the program on Node. `program.cjs` beside this file is all of it, as one function
 * (scripts/build.mjs). `program.cache` is what V8 has compiled of it when it was built. With it, a start
 * takes a quarter less time.
 */

type Program = (require: NodeJS.Require, url: string) => void

const digestBytes = 32
const file = fileURLToPath(new URL('./program.cjs', import.meta.url))
// esbuild writes nothing but ASCII, and as Latin-1 it is read faster.
const source = readFileSync(file, 'latin1')

/** What V8 has compiled of exactly this program; undefined if there is nothing. */
function compiled(): Buffer | undefined {
  try {
    const cache = readFileSync(new URL('./program.cache', import.meta.url))
    // V8 itself only compares the length of the program. What another version of V8 has compiled is of no
    // use.
    const digest = createHash('sha256').update(process.versions.v8).update(source).digest()
    return cache.subarray(0, digestBytes).equals(digest) ? cache.subarray(digestBytes) : undefined
  } catch {
    return undefined
  }
}

const script = new Script(source, { filename: file, cachedData: compiled() })
const program = script.runInThisContext() as Program
program(createRequire(import.meta.url), import.meta.url)
