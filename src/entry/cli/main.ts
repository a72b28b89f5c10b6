import { parseArgs } from 'node:util'
import { ConfigError, readConfig } from '../../config.ts'
import { DatabaseError } from '../../db/engine.ts'
import { HttpError } from '../../operation/errors.ts'
import { version } from '../../version.ts'
import type { Runtime } from '../runtime.ts'
import { appCommand } from './app-command.ts'
import { auditCommand } from './audit.ts'
import { backupCommand } from './backup.ts'
import { checkCommand } from './check.ts'
import { type Command, UsageError } from './command.ts'
import { CommandFailure } from './command-failure.ts'
import { consoleCommand } from './console.ts'
import { epochCommand } from './epoch.ts'
import { eventsCommand } from './events.ts'
import { exportCommand } from './export.ts'
import { filesCommand } from './files.ts'
import { gcCommand } from './gc.ts'
import { importCommand } from './import.ts'
import { migrateCommand } from './migrate.ts'
import { keepToOurselves } from './privacy.ts'
import { restoreCommand } from './restore.ts'
import { serveCommand } from './serve.ts'
import { systemErrorSentence } from './system-error.ts'
import { tokenCommand } from './token.ts'
import { userCommand } from './user.ts'
import { webhookCommand } from './webhook.ts'

const commands: readonly Command[] = [
  serveCommand,
  tokenCommand,
  appCommand,
  userCommand,
  webhookCommand,
  consoleCommand,
  migrateCommand,
  checkCommand,
  gcCommand,
  backupCommand,
  restoreCommand,
  filesCommand,
  epochCommand,
  eventsCommand,
  auditCommand,
  exportCommand,
  importCommand,
]

const help = () => `Cohort ${version}: groups and files for instant messaging

Usage: cohort <command> [options]

${commands.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join('\n')}

cohort <command> --help says more. Settings come from the environment: see the README.
`

/** Runs the command line. Resolves with the exit code: 0 success, 1 failure, 2 wrong usage. */
export async function main(runtime: Runtime, args: readonly string[]): Promise<number> {
  keepToOurselves()
  const [name = 'help', ...rest] = args
  if (name === 'help' || name === '--help' || name === '-h') return print(help())
  if (name === '--version' || name === 'version') return print(`${version}\n`)
  const command = commands.find(candidate => candidate.name === name)
  if (command === undefined) return complain(`there is no command "${name}"; cohort --help lists them`, 2)
  if (rest.includes('--help') || rest.includes('-h')) return print(command.help)
  try {
    const { values, positionals } = parseOptions(command, rest)
    return await command.run({
      runtime,
      config: readConfig(process.env, command),
      options: values,
      positionals,
      print: text => void print(text),
    })
  } catch (error) {
    if (error instanceof UsageError) return complain(`${error.message}\n\n${command.help}`, 2)
    if (error instanceof ConfigError) return complain(error.message, 2)
    if (error instanceof CommandFailure) return complain(error.message, 1)
    if (error instanceof DatabaseError) return complain(`the database: ${error.message}`, 1)
    if (error instanceof HttpError) return complain(error.message, 1)
    const sentence = systemErrorSentence(error)
    if (sentence !== undefined) return complain(sentence, 1)
    throw error
  }
}

function parseOptions(command: Command, args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: command.options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

function complain(text: string, code: number): number {
  process.stderr.write(`cohort: ${text.trimEnd()}\n`)
  return code
}
