import { beforeAll } from 'vitest'
import type { Bytes } from '../../src/platform.ts'
import { lacking } from './capabilities.ts'
import { type Reading, type Reply, read, sendFile, toUser } from './files.ts'
import { people, type User } from './groups.ts'
import type { Instance } from './target.ts'

/** Two users, one of whom sends files that the other one downloads. To be called where a suite begins. */
export function chatFiles(instance: () => Instance, target: string) {
  let sender: User
  let friend: User
  beforeAll(async () => {
    const couple = await people(instance(), ['sender', 'friend'])
    sender = couple.sender
    friend = couple.friend
  })
  // Where downloads are redirected to a store, mini programs are not.
  const own = lacking(target, 'own downloads') === undefined ? {} : { source: 'miniprogram' }
  return {
    get sender() {
      return sender
    },
    get friend() {
      return friend
    },
    /** Sends these bytes and answers their download URL. */
    sent: (bytes: Bytes, file_type = 100): Promise<string> =>
      sendFile(sender, { ...toUser(friend), file_type }, bytes),
    /** What the service itself answers to the friend. */
    get: (url: string, { query, ...rest }: Reading = {}): Promise<Reply> =>
      read(friend, url, { ...rest, query: { ...own, ...query } }),
  }
}

/** The headers of these names; null for one that is not there. */
export const headersOf = ({ headers }: Reply, names: readonly string[]): Record<string, string | null> =>
  Object.fromEntries(names.map(name => [name, headers.get(name)]))
