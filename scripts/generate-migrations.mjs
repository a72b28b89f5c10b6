// Embeds migrations/*.sql into src/db/migrations.gen.ts: a compiled binary and a Worker have no folder to
// read.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = new URL('../migrations/', import.meta.url)

export function migrationsModule() {
  const names = readdirSync(folder)
    .filter(name => name.endsWith('.sql'))
    .sort()
  const entries = names.map(
    name =>
      `  { name: ${JSON.stringify(name)}, sql: ${JSON.stringify(readFileSync(new URL(name, folder), 'utf8'))} },`,
  )
  return `// Made by scripts/generate-migrations.mjs from the folder migrations.\nexport const migrations: readonly { readonly name: string; readonly sql: string }[] = [\n${entries.join('\n')}\n]\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../src/db/migrations.gen.ts', import.meta.url), migrationsModule())
}
