import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { HttpError } from '../operation/errors.ts'
import type { Clock } from '../platform.ts'
import type { App } from './app.ts'

/*
 * The keys that apps publish (JWKS). They are fetched anew every half minute of use, so a key that was taken out
 * is good for nothing soon after. Where the endpoint fails, the keys known last stay in force, for a day at most:
 * a token is never called wrong because somebody else's server is down (docs/behaviour.md, section 2).
 */

/** Older keys are fetched anew, milliseconds. */
const maxAgeMs = 30_000
/** Keys younger than this are used while newer ones are being fetched; older ones are waited for. */
const maxStaleMs = 120_000
/** How long keys stay in force whose endpoint fails. */
const maxAgeInTroubleMs = 24 * 60 * 60_000
/** How long an endpoint that failed is left alone. */
const retryAfterMs = 10_000
/** How soon keys are fetched again for a token that none of them signed. */
const refetchAfterMs = 1000
const timeoutMs = 5000
const maxBytes = 1024 * 1024

/** The keys of an app as they were published at one time: another object when they are others. */
export interface KeySet {
  /** Finds the key of a token, as `jwtVerify` of jose wants it. */
  readonly find: JWTVerifyGetKey
}

export interface KeySets {
  /** The keys in force, if they need not be waited for. */
  known(app: App): KeySet | undefined
  /** The keys in force. Throws 503 if there are none. */
  get(app: App): Promise<KeySet>
  /**
   * The keys as they are published now, for a token that none of the known ones signed; undefined if those are
   * new enough. Throws 503 if they cannot be had.
   */
  fresher(app: App): Promise<KeySet | undefined>
}

interface Known {
  keySet?: KeySet
  /** What the endpoint answered, to tell whether it changed. */
  text: string
  /** When the keys were last fetched, and last tried to be, milliseconds since 1970. */
  fetchedAt: number
  triedAt: number
  fetching?: Promise<void>
}

/** The key sets of all apps, by their URLs: a setting of an app that changes leaves them as they are. */
export function keySets(clock: Clock, fetchText: (url: string) => Promise<string> = textAt): KeySets {
  const byApp = new Map<string, Known>()

  const entryOf = ({ app_id, jwks_url }: App): Known => {
    const name = `${app_id} ${jwks_url}`
    let entry = byApp.get(name)
    if (entry === undefined) {
      entry = { text: '', fetchedAt: Number.NEGATIVE_INFINITY, triedAt: Number.NEGATIVE_INFINITY }
      byApp.set(name, entry)
    }
    return entry
  }
  const inForce = (entry: Known): KeySet | undefined =>
    clock() - entry.fetchedAt < maxAgeInTroubleMs ? entry.keySet : undefined
  const isNew = (entry: Known): boolean => clock() - entry.fetchedAt < maxAgeMs

  /** Never throws: what is wrong shows in `fetchedAt`. */
  const fetchKeys = async (entry: Known, url: string): Promise<void> => {
    entry.triedAt = clock()
    try {
      const text = await fetchText(url)
      if (text !== entry.text || entry.keySet === undefined) {
        entry.keySet = keySetOf(text)
        entry.text = text
      }
      entry.fetchedAt = clock()
    } catch {
      // Not reachable, too slow, or no key set: the keys known so far stay in force.
    }
  }
  const update = (entry: Known, url: string): Promise<void> => {
    entry.fetching ??= fetchKeys(entry, url).finally(() => {
      delete entry.fetching
    })
    // A fetch may belong to another request, which a runtime may have ended: nobody waits longer than a fetch may take.
    return Promise.race([entry.fetching, new Promise<void>(resolve => setTimeout(resolve, timeoutMs))])
  }

  const required = (entry: Known): KeySet => {
    const keySet = inForce(entry)
    if (keySet !== undefined) return keySet
    throw new HttpError(503, "the app's key set (JWKS) cannot be had: try again", { 'retry-after': '5' })
  }

  return {
    known(app) {
      const entry = entryOf(app)
      if (entry.keySet === undefined || isNew(entry)) return inForce(entry)
      if (clock() - entry.triedAt < retryAfterMs) return inForce(entry)
      if (clock() - entry.fetchedAt >= maxStaleMs) return undefined
      void update(entry, app.jwks_url)
      return entry.keySet
    },
    async get(app) {
      const entry = entryOf(app)
      const waitsForRetry = entry.keySet !== undefined && clock() - entry.triedAt < retryAfterMs
      if (!isNew(entry) && !waitsForRetry) await update(entry, app.jwks_url)
      return required(entry)
    },
    async fresher(app) {
      const entry = entryOf(app)
      const before = entry.keySet
      if (clock() - entry.fetchedAt < refetchAfterMs) return undefined
      if (clock() - entry.triedAt >= refetchAfterMs) await update(entry, app.jwks_url)
      if (entry.fetchedAt < entry.triedAt) {
        throw new HttpError(503, "the app's key set (JWKS) cannot be had: try again", { 'retry-after': '5' })
      }
      return entry.keySet === before ? undefined : entry.keySet
    },
  }
}

/** The key set that a text is. Throws if it is none. */
function keySetOf(text: string): KeySet {
  // jose holds it against RFC 7517.
  const published = JSON.parse(text) as JSONWebKeySet
  const all = createLocalJWKSet(published)
  const anonymous = createLocalJWKSet({ keys: published.keys.filter(({ kid }) => kid === undefined) })
  return {
    // Where no key has the id that the token names, it may be one of those that have none.
    find: async (header, token) => {
      try {
        return await all(header, token)
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || header?.kid === undefined) throw error
        const { kid: _, ...unnamed } = header
        return anonymous(unnamed, token)
      }
    },
  }
}

/** What an endpoint answers. Throws for anything but HTTP 200, and for more than a key set ever has. */
async function textAt(url: string): Promise<string> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`HTTP ${response.status}`)
  }
  let size = 0
  const bounded = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      size += chunk.byteLength
      if (size > maxBytes) controller.error(new Error('too large'))
      else controller.enqueue(chunk)
    },
  })
  return new Response(response.body?.pipeThrough(bounded)).text()
}
