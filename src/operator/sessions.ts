import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { eq, sql } from 'drizzle-orm'
import { command, db, query } from '../db/query.ts'
import { consoleLinks, consoleSessions } from '../db/schema-operator.ts'
import type { NewEvent } from '../events/event.ts'
import { everyApp } from '../events/record.ts'
import { refuse } from '../operation/errors.ts'
import type { Task } from '../operation/executor.ts'
import { randomSecret } from '../operation/sign.ts'

/*
 * Sessions of the operator in the console. A link opens one session, once, within five minutes. Links and
 * sessions are 256 random bits each. The database keeps only their hashes.
 */

const linkMinutes = 5
export const sessionHours = 12

export const hashOf = (secret: string): string => bytesToHex(sha256(utf8ToBytes(secret)))

export const sessionByHash = query<{ session_hash: string }>()(p =>
  db
    .select({ session_id: consoleSessions.session_id, expires_at: consoleSessions.expires_at })
    .from(consoleSessions)
    .where(eq(consoleSessions.session_hash, p.session_hash)),
)
export const allSessions = query<{ now: number }>()(p =>
  db
    .select({
      session_id: consoleSessions.session_id,
      started_at: consoleSessions.started_at,
      expires_at: consoleSessions.expires_at,
      browser: consoleSessions.browser,
    })
    .from(consoleSessions)
    .where(sql`${consoleSessions.expires_at} > ${p.now}`)
    .orderBy(sql`${consoleSessions.expires_at} DESC`)
    .limit(100),
)
const linkByHash = query<{ link_hash: string }>()(p =>
  db
    .select({ expires_at: consoleLinks.expires_at, used: consoleLinks.used })
    .from(consoleLinks)
    .where(eq(consoleLinks.link_hash, p.link_hash)),
)

const insertLink = command<{ link_hash: string; expires_at: number; used: number }>()(
  p =>
    sql`INSERT INTO console_links (link_hash, expires_at, used) VALUES (${p.link_hash}, ${p.expires_at}, ${p.used})`,
)
// If two callers use one link at once, the second finds it used, and the NOT NULL column refuses the change.
const useLink = command<{ link_hash: string }>()(
  p => sql`UPDATE console_links SET used = CASE WHEN used = 0 THEN 1 END WHERE link_hash = ${p.link_hash}`,
)
const insertSession = command<{
  session_hash: string
  session_id: number
  now: number
  expires_at: number
  browser: string
}>()(
  p => sql`INSERT INTO console_sessions (session_hash, session_id, started_at, expires_at, browser)
    VALUES (${p.session_hash}, ${p.session_id}, ${p.now}, ${p.expires_at}, ${p.browser})`,
)
const dropOldLinks = command<{ now: number }>()(
  p => sql`DELETE FROM console_links WHERE expires_at < ${p.now}`,
)
const dropOldSessions = command<{ now: number }>()(
  p => sql`DELETE FROM console_sessions WHERE expires_at < ${p.now}`,
)
const dropSession = command<{ session_id: number }>()(
  p => sql`DELETE FROM console_sessions WHERE session_id = ${p.session_id}`,
)
const dropAllSessions = command<Record<never, never>>()(() => sql`DELETE FROM console_sessions`)
const dropAllLinks = command<Record<never, never>>()(() => sql`DELETE FROM console_links`)

/** Makes a link. Answers the last part of its URL. */
export const makeLink = (): Task<string> => ({
  writes: true,
  reads: () => [],
  decide: ({ now }) => {
    const link = randomSecret()
    const expires_at = now + linkMinutes * 60_000
    return {
      data: link,
      writes: [dropOldLinks({ now }), insertLink({ link_hash: hashOf(link), expires_at, used: 0 })],
    }
  },
})

/**
 * What opens a session: a link of this service, or the id of an operator's token (its signature was checked
 * before).
 */
export interface Opening {
  readonly link: string
  /** Milliseconds since 1970, for a token, which is not in the database yet; undefined for a link. */
  readonly expiresAt?: number
  readonly browser: string
}

export interface OpenedSession {
  /** The value of the cookie. */
  readonly session: string
  readonly expires_at: number
}

export const signedIn: NewEvent = { kind: 'console.signed_in', app_id: everyApp }

/** Opens a session, once for each link. */
export const openSession = ({ link, expiresAt, browser }: Opening): Task<OpenedSession> => ({
  writes: true,
  reads: () => [linkByHash({ link_hash: hashOf(link) })],
  decide: ({ now, newId }, [found]) => {
    const [row] = found as { readonly expires_at: number; readonly used: boolean }[]
    const link_hash = hashOf(link)
    const known = row !== undefined
    const expiry = row?.expires_at ?? expiresAt
    if (expiry === undefined || expiry <= now || row?.used === true)
      return refuse('token_invalid', 'this link was used or has expired: ask for a new one (cohort console)')
    const session = randomSecret()
    const expires_at = now + sessionHours * 3_600_000
    return {
      data: { session, expires_at },
      writes: [
        known ? useLink({ link_hash }) : insertLink({ link_hash, expires_at: expiry, used: 1 }),
        dropOldLinks({ now }),
        dropOldSessions({ now }),
        insertSession({
          session_hash: hashOf(session),
          session_id: newId(),
          now,
          expires_at,
          browser: browser.slice(0, 256),
        }),
      ],
      events: [signedIn],
    }
  },
})

/** Ends a session. */
export const endSession = (session_id: number): Task<true> => ({
  writes: true,
  reads: () => [],
  decide: () => ({ data: true, writes: [dropSession({ session_id })] }),
})

/** Ends all sessions, and all links that were not used yet. */
export const endAllSessions = (): Task<true> => ({
  writes: true,
  reads: () => [],
  decide: () => ({ data: true, writes: [dropAllSessions({}), dropAllLinks({})] }),
})
