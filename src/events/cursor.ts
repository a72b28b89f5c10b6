import * as z from 'zod'

/*
 * A reader's position: `<epoch>.<number>`. In a cursor of the feed, the number is the `seq` of the last event
 * read. In the state of a group, it is the group's version. A database that was turned back gets another
 * epoch. So cursors and states from before that are known to be void.
 */

export const position = (epoch: string, number: number): string => `${epoch}.${number}`

export interface Position {
  readonly epoch: string
  readonly number: number
}

/** The position that a cursor or a state names; undefined for a text that is neither. */
export function positionIn(text: string): Position | undefined {
  const [, epoch, digits] = /^([0-9a-z]{6,16})\.(0|[1-9]\d{0,15})$/.exec(text) ?? []
  const number = Number(digits)
  return epoch !== undefined && Number.isSafeInteger(number) ? { epoch, number } : undefined
}

/** A parameter that is a cursor or a state. */
export const positionText = (what: string) => {
  const error = `must be a ${what} that an earlier answer gave`
  return z
    .string({ error })
    .max(64, { error })
    .refine(text => positionIn(text) !== undefined, { error })
}
