import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { HttpError } from '../operation/errors.ts'
import type { Clock } from '../platform.ts'
import type { App } from './app.ts'

/*
 * The keys that apps publish (JWKS). While they are used they are fetched again every 30 seconds, so a key
 * that the app has removed soon stops working. If the endpoint fails, the last keys stay valid for at most a
 * day. So no token is refused just because somebody else's server is down (docs/behaviour.md, section 2).
 */

/** Keys older than this are fetched again, milliseconds. */
const maxAgeMs = 30_000
/**
 * Keys up to this age are used while new ones are being fetched, milliseconds. With older keys, requests wait
 * for the fetch.
 */
const maxStaleMs = 120_000
/** How long the last keys stay valid while the endpoint fails, milliseconds. */
const maxAgeInTroubleMs = 24 * 60 * 60_000
/** How long to wait before a failing endpoint is called again, milliseconds. */
const retryAfterMs = 10_000
/** The least time between two fetches for tokens that no known key signed, milliseconds. */
const refetchAfterMs = 1000
const timeoutMs = 5000
const maxBytes = 1024 * 1024

/** The keys of an app as it published them at one time. Other keys make another object. */
export interface KeySet {
  /** Finds the key of a token, as `jwtVerify` of jose wants it. */
  readonly find: JWTVerifyGetKey
}

export interface KeySets {
  /** The valid keys, if no fetch must be waited for; otherwise undefined. */
  known(app: App): KeySet | undefined
  /** The valid keys. Throws 503 if there are none. */
  get(app: App): Promise<KeySet>
  /**
   * Fetches the keys again, for a token that none of the known keys signed. Answers undefined if the keys are
   * unchanged or were fetched a moment ago. Throws 503 if they cannot be fetched.
   */
  fresher(app: App): Promise<KeySet | undefined>
}

interface Known {
  keySet?: KeySet
  /** The text that the endpoint answered, to see whether it changes. */
  text: string
  /** When the keys were last fetched, and when the last attempt started, milliseconds since 1970. */
  fetchedAt: number
  triedAt: number
  fetching?: Promise<void>
}

/** The key sets of all apps, by app and URL. So a change of another setting does not lose them. */
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

  /** Fetches the keys. It never throws: after a failure `fetchedAt` is unchanged. */
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
      // The endpoint was unreachable or too slow, or did not answer a key set. The last keys stay valid.
    }
  }
  const update = (entry: Known, url: string): Promise<void> => {
    entry.fetching ??= fetchKeys(entry, url).finally(() => {
      delete entry.fetching
    })
    // The fetch may belong to another request, and the runtime may have ended that one. So nobody waits
    // longer than a fetch may take.
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

/** Parses a key set. Throws if the text is not one. */
function keySetOf(text: string): KeySet {
  // createLocalJWKSet checks the key set by the rules of RFC 7517.
  const published = JSON.parse(text) as JSONWebKeySet
  const all = createLocalJWKSet(published)
  const anonymous = createLocalJWKSet({ keys: published.keys.filter(({ kid }) => kid === undefined) })
  return {
    // If no key has the id that the token names, the keys without an id are tried.
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

/** Fetches a text. Throws if the status is not 200, or if the text is larger than any key set. */
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
