import { rmSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'

/**
 * The folder of a run. The bundle has it for its own, and the data is beside the bundle: in the system's
 * temporary folder, which may be memory, a commit would cost nothing. It is removed in the end.
 */
export function ownFolder(): string {
  const folder = import.meta.dirname
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))
  return folder
}

export const say = (text: string): void => void process.stdout.write(`\n${text}`)
export const note = (text: string): void => void process.stderr.write(`… ${text}\n`)

/** Writes what was measured, with what it was measured on. */
export function writeJson(file: string, measured: Readonly<Record<string, unknown>>): void {
  const machine = {
    cpus: cpus().length,
    cpu: cpus()[0]?.model,
    platform: process.platform,
    node: process.version,
  }
  writeFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), machine, ...measured }, null, 2)}\n`)
}
