import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import type { App } from '../tenant/app.ts'

/*
 * Signatures on what Cohort hands out and must get back unchanged: cursors, QR codes, file signatures, upload
 * URLs. They are synchronous, which WebCrypto is not, because operations decide without waiting. Each kind is
 * signed under its own label, so no kind can be used as another.
 */

export type SignedKind = 'cursor' | 'qr' | 'file' | 'upload' | 'scan'

type Hmac = ReturnType<typeof hmac.create>
/**
 * HMAC states of keys, ready to be cloned, because setting up a key costs as much as signing. Apps are few,
 * and an app that changes is a new object, so its states are dropped with the old one.
 */
const states = new WeakMap<object, Hmac>()

function digest(key: { readonly secret: string }, text: string): Uint8Array {
  let state = states.get(key)
  if (state === undefined) {
    state = hmac.create(sha256, utf8ToBytes(key.secret))
    states.set(key, state)
  }
  return state.clone().update(utf8ToBytes(text)).digest()
}

const mac = (key: { readonly secret: string }, kind: SignedKind, text: string): string =>
  base64url(digest(key, `${kind}\n${text}`).subarray(0, 16))

/**
 * Signs a text with 128 bits of HMAC-SHA-256 over the kind and the text, under the app's newest key: `key
 * id.signature`.
 */
export function sign(app: App, kind: SignedKind, text: string): string {
  const key = app.keys[0]
  if (key === undefined) throw new Error(`app ${app.app_id} has no signing key`)
  return `${key.kid}.${mac(key, kind, text)}`
}

/**
 * Whether `sign` made `signature` for this app with any of its keys. The comparison takes the same time
 * wherever the signatures differ.
 */
export function verify(app: App, kind: SignedKind, text: string, signature: string): boolean {
  const dot = signature.indexOf('.')
  const key = app.keys.find(k => k.kid === signature.slice(0, dot))
  if (key?.files_only === true && kind !== 'file') return false
  return key !== undefined && equalInConstantTime(mac(key, kind, text), signature.slice(dot + 1))
}

/**
 * A compact JWS (RFC 7515, HS256) under the app's newest key. It cannot be confused with a signature of
 * `sign`: its signed text begins with base64url, and texts of `sign` begin with a kind and a line feed.
 */
export function signJws(app: App, payload: Readonly<Record<string, unknown>>): string {
  const key = app.keys[0]
  if (key === undefined) throw new Error(`app ${app.app_id} has no signing key`)
  const text = `${jwsHeader(key)}.${encodeJson(payload)}`
  return `${text}.${base64url(digest(key, text))}`
}

/** The payload of a JWS that `signJws` made for this app with any of its keys; otherwise undefined. */
export function readJws(app: App, jws: string): unknown {
  const [header = '', payload = '', signature = ''] = jws.split('.', 4)
  const key = app.keys.find(k => jwsHeader(k) === header)
  if (key === undefined || jws !== `${header}.${payload}.${signature}`) return undefined
  if (!equalInConstantTime(base64url(digest(key, `${header}.${payload}`)), signature)) return undefined
  return JSON.parse(textOfBase64url(payload))
}

/** The headers of keys, kept as long as `states`. */
const headers = new WeakMap<object, string>()

function jwsHeader(key: { readonly kid: string }): string {
  let header = headers.get(key)
  if (header === undefined) {
    header = encodeJson({ alg: 'HS256', kid: key.kid })
    headers.set(key, header)
  }
  return header
}

const encodeJson = (value: unknown): string => base64urlOfText(JSON.stringify(value))

/** A text in UTF-8 as base64url without padding. */
export function base64urlOfText(text: string): string {
  // What is in ASCII is its own bytes.
  return /^[ -~]*$/.test(text) ? urlSafe(btoa(text)) : base64url(utf8ToBytes(text))
}

export function equalInConstantTime(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i)
  return difference === 0
}

/** Hex HMAC-SHA-256 of `text` under `secret`: what clients call `sdk_sign` (docs/behaviour.md, section 7). */
export function sdkSign(secret: string, text: string): string {
  return Array.from(hmac(sha256, utf8ToBytes(secret), utf8ToBytes(text)), byte =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}

/** A new random secret: 256 bits, base64url. */
export const randomSecret = (): string => base64url(crypto.getRandomValues(new Uint8Array(32)))

/** base64url without padding. */
export function base64url(bytes: Uint8Array): string {
  // With `...bytes` it would take three times as long.
  return urlSafe(btoa(Reflect.apply(String.fromCharCode, undefined, bytes)))
}

function urlSafe(base64: string): string {
  const end = base64.indexOf('=')
  const text = end < 0 ? base64 : base64.slice(0, end)
  return text.includes('+') || text.includes('/') ? text.replaceAll('+', '-').replaceAll('/', '_') : text
}

/** The text that `base64urlOfText` was given. Throws if it is not base64url. */
export function textOfBase64url(base64: string): string {
  const characters = atob(base64.replaceAll('-', '+').replaceAll('_', '/'))
  return new TextDecoder().decode(Uint8Array.from(characters, character => character.charCodeAt(0)))
}
