import { invariants } from '../../db/invariants.ts'
import { checkFiles } from './check-files.ts'
import { type Command, noPositionals } from './command.ts'
import { blobStore, openData } from './data.ts'

/** The most places that are printed for each broken rule. */
const maxPlaces = 5

export const checkCommand: Command = {
  name: 'check',
  summary: 'check the database: the file itself, and every rule that must hold',
  help: `Usage: cohort check [--files]
       cohort check --d1

Runs SQLite's integrity check and looks for broken rules (a wrong member count, a second owner, a blacklisted member, …).
  --files   also looks whether every stored file has its bytes, and every file in the store a row in the database

  --d1      prints the rules as queries for a database on D1 instead. Each answers a row for every place where it is broken, so none when all is well:
            wrangler d1 execute DB --remote --command "$(cohort check --d1)"

May run beside the service. Prints what it found; the exit code is 1 if anything is wrong.
`,
  options: { files: { type: 'boolean' }, d1: { type: 'boolean' } },
  async run(invocation) {
    noPositionals(invocation)
    if (invocation.options.d1 === true) {
      invocation.print(queriesOfRules)
      return 0
    }
    const { engine } = openData(invocation.runtime, invocation.config)
    const problems: string[] = []
    // All rules see one snapshot. Otherwise the writes of a running service would look like broken rules.
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
      const broken = look(`cannot tell whether ${rule}`, `SELECT * FROM (${sql}) LIMIT ${maxPlaces}`)
      if (broken.length === 0) continue
      problems.push(
        `not true: ${rule} (${broken.map(([id]) => String(id)).join(', ')}${broken.length === maxPlaces ? ', …' : ''})`,
      )
    }
    engine.exec('ROLLBACK')
    if (invocation.options.files === true) {
      const { lost, unknown } = await checkFiles(engine, blobStore(invocation.config))
      for (const name of lost) problems.push(`a stored file has lost its bytes: ${name}`)
      for (const key of unknown) problems.push(`a file in the store has no row: ${key}`)
    }
    engine.close()
    invocation.print(problems.length === 0 ? 'ok\n' : problems.map(problem => `${problem}\n`).join(''))
    return problems.length === 0 ? 0 : 1
  },
}

/**
 * One statement for each rule; it answers the places where the rule is broken. One statement for all rules is
 * not possible, because D1 allows only a few terms in a UNION.
 */
const queriesOfRules = invariants
  .map(
    ({ rule, sql }) =>
      `SELECT '${rule.replaceAll("'", "''")}' AS broken_rule, found.* FROM (${sql.replace(/\s+/g, ' ')}) AS found LIMIT ${maxPlaces};\n`,
  )
  .join('')
