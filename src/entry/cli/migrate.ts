import { type Command, noPositionals } from './command.ts'
import { openData } from './data.ts'

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'bring the database up to date (serve does so by itself)',
  help: `Usage: cohort migrate

Applies the migrations that the database in DATA_DIR lacks, each in one transaction, and prints their names.
`,
  options: {},
  async run(invocation) {
    noPositionals(invocation)
    const { engine, applied } = openData(invocation.runtime, invocation.config, { create: true })
    engine.close()
    invocation.print(
      applied.length === 0 ? 'the database is up to date\n' : applied.map(name => `${name}\n`).join(''),
    )
    return 0
  },
}
