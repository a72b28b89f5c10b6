import type { Answered, Asked, Conversation } from './conversation.ts'
import type { Line } from './record-file.ts'

/**
 * Asks everything of a record again, in its order, and answers what was told now, with the names of the
 * record.
 */
export async function* played(
  lines: readonly Line[],
  conversation: Conversation,
  turn: () => Promise<void>,
): AsyncGenerator<{ readonly asked: Asked; readonly then: Answered; readonly now: Answered }> {
  const { names } = conversation
  for (const line of lines) {
    if ('turn' in line) {
      await turn()
      continue
    }
    const { answered: then, ...asked } = line
    const { path, headers, body, ...rest } = asked
    const real = {
      ...rest,
      path: names.meant(path),
      ...(headers && { headers: mapped(headers, value => names.meant(value)) }),
      ...(body !== undefined && { body: names.meant(body) }),
    }
    const { answered: now } = await conversation.ask(real)
    yield { asked, then, now }
  }
}

const mapped = (headers: Readonly<Record<string, string>>, change: (value: string) => string) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, change(value)]))
