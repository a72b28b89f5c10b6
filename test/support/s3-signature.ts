import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/**
 * Signature version 4 as S3 checks it:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
}

export interface SignedRequest {
  readonly method: string
  /** As sent: `/bucket/key?query`, encoded. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array<ArrayBuffer>
}

/** What S3 answers to a request it does not do. */
export class S3Refusal {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string) {
    this.status = status
    this.code = code
  }
}

interface Claim {
  readonly credential: string
  readonly signedHeaders: string
  readonly signature: string
  readonly date: string
  readonly payload: string
  /** Milliseconds since 1970. */
  readonly notAfter: number
  readonly query: readonly (readonly [string, string])[]
}

const skewMs = 15 * 60 * 1000
const longestSeconds = 7 * 24 * 3600

/**
 * Undefined if the request is signed by these credentials, in its header or its query, and is in time at
 * `now` (milliseconds since 1970).
 */
export function refuseRequest(
  request: SignedRequest,
  credentials: Credentials,
  now: number,
): S3Refusal | undefined {
  const claim = claimOf(request)
  if (claim instanceof S3Refusal) return claim
  const issued = timeOf(claim.date)
  if (!(issued <= now + skewMs)) return new S3Refusal(403, 'RequestTimeTooSkewed')
  if (now >= claim.notAfter) return new S3Refusal(403, 'AccessDenied')
  const scoped = refuseScope(claim.credential, claim.date, credentials)
  if (scoped) return scoped

  const signed = claim.signedHeaders.split(';')
  const unsigned = Object.keys(request.headers).filter(
    name => name.startsWith('x-amz-') && !signed.includes(name),
  )
  if (!signed.includes('host') || unsigned.length > 0) return new S3Refusal(403, 'AccessDenied')

  const path = request.url.split('?')[0] ?? ''
  const canonical = [
    request.method,
    path
      .split('/')
      .map(segment => encode(decodeURIComponent(segment)))
      .join('/'),
    claim.query
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join('&'),
    ...signed.map(
      name =>
        `${name}:${String(request.headers[name] ?? '')
          .trim()
          .replace(/ +/g, ' ')}`,
    ),
    '',
    claim.signedHeaders,
    claim.payload,
  ].join('\n')
  const day = claim.date.slice(0, 8)
  const toSign = [
    'AWS4-HMAC-SHA256',
    claim.date,
    `${day}/${credentials.region}/s3/aws4_request`,
    sha256(canonical),
  ].join('\n')
  if (!isSignature(claim.signature, toSign, day, credentials))
    return new S3Refusal(403, 'SignatureDoesNotMatch')
  if (claim.payload !== 'UNSIGNED-PAYLOAD' && claim.payload !== sha256(request.body))
    return new S3Refusal(400, 'XAmzContentSHA256Mismatch')
  return undefined
}

/** Whether the credential is of this key, day, region and of S3. */
export function refuseScope(
  credential: string,
  date: string,
  { accessKeyId, region }: Credentials,
): S3Refusal | undefined {
  const [key, ...scope] = credential.split('/')
  if (key !== accessKeyId) return new S3Refusal(403, 'InvalidAccessKeyId')
  if (scope.join('/') !== `${date.slice(0, 8)}/${region}/s3/aws4_request`)
    return new S3Refusal(400, 'AuthorizationHeaderMalformed')
  return undefined
}

/** Whether `signature` signs `text` with the key of that day (`YYYYMMDD`). */
export function isSignature(
  signature: string,
  text: string,
  day: string,
  { secretAccessKey, region }: Credentials,
): boolean {
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => hmac(secret, part),
    `AWS4${secretAccessKey}`,
  )
  const expected = hmac(key, text)
  const given = Buffer.from(signature, 'hex')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function claimOf({ url, headers }: SignedRequest): Claim | S3Refusal {
  const query = [...new URLSearchParams((url.split('?')[1] ?? '').replaceAll('+', '%2B'))]
  const inQuery = new Map(query)
  if (inQuery.has('X-Amz-Algorithm')) {
    const date = inQuery.get('X-Amz-Date') ?? ''
    const seconds = Number(inQuery.get('X-Amz-Expires') ?? Number.NaN)
    if (!(seconds >= 0 && seconds <= longestSeconds))
      return new S3Refusal(400, 'AuthorizationQueryParametersError')
    return {
      credential: inQuery.get('X-Amz-Credential') ?? '',
      signedHeaders: inQuery.get('X-Amz-SignedHeaders') ?? '',
      signature: inQuery.get('X-Amz-Signature') ?? '',
      date,
      payload: inQuery.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD',
      notAfter: timeOf(date) + seconds * 1000,
      query: query.filter(([name]) => name !== 'X-Amz-Signature'),
    }
  }
  const parts = /^AWS4-HMAC-SHA256 Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=(\w+)$/.exec(
    headers.authorization ?? '',
  )
  if (!parts) return new S3Refusal(403, 'AccessDenied')
  const [, credential = '', signedHeaders = '', signature = ''] = parts
  const date = String(headers['x-amz-date'] ?? '')
  const payload = String(headers['x-amz-content-sha256'] ?? '')
  if (payload.startsWith('STREAMING-')) return new S3Refusal(501, 'NotImplemented')
  if (payload === '') return new S3Refusal(400, 'InvalidRequest')
  return { credential, signedHeaders, signature, date, payload, notAfter: timeOf(date) + skewMs, query }
}

/** Milliseconds since 1970 of `20260102T030405Z`; NaN for anything else. */
export function timeOf(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
