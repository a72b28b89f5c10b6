import { invariants } from '../../db/invariants.ts'
import { type Command, noPositionals } from './command.ts'
import { openData } from './data.ts'

/** How many places a broken rule is shown at. */
const shown = 5

export const checkCommand: Command = {
  name: 'check',
  summary: 'check the database: the file itself, and every rule that must hold',
  help: `Usage: cohort check

Runs SQLite's integrity check and looks for broken rules (a wrong member count, a second owner, a blacklisted member, …).
May run beside the service. Prints what it found; the exit code is 1 if anything is wrong.
`,
  options: {},
  async run(invocation) {
    noPositionals(invocation)
    const { engine } = openData(invocation.runtime, invocation.config)
    const problems: string[] = []
    // One snapshot for all rules, so that a service that goes on writing does not look like a mistake.
    engine.exec('BEGIN')
    const look = (what: string, sql: string): unknown[][] => {
      try {
        return engine.rows(sql)
      } catch (error) {
        problems.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
        return []
      }
    }
    for (const [result] of look('the file', 'PRAGMA integrity_check'))
      if (result !== 'ok') problems.push(`the file: ${String(result)}`)
    for (const { rule, sql } of invariants) {
      const broken = look(`cannot tell whether ${rule}`, `SELECT * FROM (${sql}) LIMIT ${shown}`)
      if (broken.length === 0) continue
      problems.push(
        `not true: ${rule} (${broken.map(([id]) => String(id)).join(', ')}${broken.length === shown ? ', …' : ''})`,
      )
    }
    engine.exec('ROLLBACK')
    engine.close()
    invocation.print(problems.length === 0 ? 'ok\n' : problems.map(problem => `${problem}\n`).join(''))
    return problems.length === 0 ? 0 : 1
  },
}
