import { existsSync } from 'node:fs'
import { commandTarget } from './command-target.ts'
import { type Finished, run } from './process.ts'
import type { Instance } from './target.ts'

const permissions = ['net', 'env', 'read', 'write', 'sys', 'ffi', 'run'].map(name => `--allow-${name}`)

/** The program on Node. */
export const nodeProgram: readonly string[] = ['node', 'dist/cohort.js']

/** The program as each runtime runs it; `binary` is where the Bun binary was built. */
export const programs = (binary: string): Readonly<Record<string, readonly string[]>> => ({
  node: nodeProgram,
  bun: [binary],
  deno: ['node_modules/.bin/deno', 'run', ...permissions, 'src/entry/deno.ts'],
})

/** Builds the Bun binary there. */
export async function buildBinary(file: string): Promise<void> {
  const { code, stderr } = await run(['npm', 'run', '--silent', 'build:binary', '--', '--outfile', file])
  if (code !== 0) throw new Error(stderr)
}

/** A program and a data folder: commands on it, and the service. */
export interface Installation {
  readonly data: string
  cli(...args: string[]): Promise<Finished>
  /** As `cli`, but it must succeed; answers what it printed. */
  done(...args: string[]): Promise<string>
  serve(environment?: Readonly<Record<string, string>>): Promise<Instance>
}

export function installation(name: string, program: readonly string[], data: string): Installation {
  const cli = (...args: string[]) => run([...program, ...args], { DATA_DIR: data })
  return {
    data,
    cli,
    async done(...args) {
      const { code, stdout, stderr } = await cli(...args)
      if (code !== 0) throw new Error(`${args.join(' ')}: ${stdout}${stderr}`)
      return stdout
    },
    serve: environment => commandTarget(name, program).start({ ...environment, DATA_DIR: data }),
  }
}

/** Resolves when the file is there. */
export async function appears(file: string): Promise<void> {
  while (!existsSync(file)) await new Promise(resolve => setTimeout(resolve, 5))
}
