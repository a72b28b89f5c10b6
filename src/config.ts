import * as z from 'zod'
import { bucketPlace, bucketPlaceRule } from './blobs/bucket-place.ts'
import type { S3Config } from './blobs/s3.ts'
import { addressKeeping } from './events/kept-address.ts'
import { logLevels } from './log.ts'
import { networksIn, type OutboundRules } from './outbound/address.ts'
import { type ScannerAddress, scannerAddress } from './scan/scanner-address.ts'
import { appIdPattern } from './tenant/app.ts'

/** The environment is wrong: `message` has a line for each variable, naming it and what would work. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine(n => n >= min && n <= max, `must be a whole number from ${min} to ${max}`)

const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` })

const httpUrl = z
  .string()
  .refine(value => /^https?:\/\//.test(value) && URL.canParse(value), 'must be an http or https URL')
  .transform(value => value.replace(/\/+$/, ''))

const yes = oneOf(['true', 'false']).transform(value => value === 'true')

/**
 * Every variable Cohort reads, with its default: the only place that knows the environment. The README's
 * table is held against it by a test.
 */
export const variables = {
  PORT: whole(0, 65_535).default(8787).describe('port to listen on; 0 takes a free one'),
  HOST: z.string().default('127.0.0.1').describe('address to listen on; `0.0.0.0` for all'),
  DATA_DIR: z
    .string()
    .default('./data')
    .describe('folder of the database and, unless S3 is set, of the files'),
  PUBLIC_URL: httpUrl
    .optional()
    .describe('how clients reach the service, for URLs in answers; default: as the request came'),
  LOG_LEVEL: oneOf(logLevels)
    .default('info')
    .describe('`silent`, `error`, `warn` or `info` (a line per request)'),
  CORS_ORIGINS: z
    .string()
    .default('*')
    .transform(value =>
      value.trim() === '*' ? ('*' as const) : value.split(',').map(origin => origin.trim()),
    )
    .refine(
      value => value === '*' || value.every(origin => /^https?:\/\/[^/]+$/.test(origin)),
      'must be * or origins such as https://chat.example.org, separated by commas',
    )
    .describe('origins whose pages may call, separated by commas; `*` for any'),
  APP_ID: z
    .string()
    .regex(appIdPattern, 'must be 1 to 64 letters, digits, _ or -')
    .optional()
    .describe('the first app; default `demo` on an empty database'),
  APP_SECRET: z
    .string()
    .min(16, 'must be at least 16 characters')
    .optional()
    .describe('its secret; default: generated at first start'),
  OPERATOR_SECRET: z
    .string()
    .min(32, 'must be at least 32 characters')
    .optional()
    .describe('signs the tokens of whoever runs the service (role 3): good for every app'),
  CONSOLE: oneOf(['on', 'off']).default('on').describe('`off` removes the console at `/console/`'),
  SHARED: yes
    .default(false)
    .describe('`true` lets several services run on one `DATA_DIR`: on one machine, never over a network'),
  SHOW_SECRETS: yes
    .default(false)
    .describe('`true` prints the first token also when the output is not a terminal'),
  TRUST_PROXY: yes
    .default(false)
    .describe('`true` takes the client address from `X-Forwarded-For`: only behind a proxy that sets it'),
  AUDIT_IP: oneOf(addressKeeping)
    .default('prefix')
    .describe("how much of a caller's address events keep: `full`, `prefix` (/24, /48) or `none`"),
  WRITE_QUEUE: whole(1, 1_000_000).default(10_000).describe('changes that may wait; more are answered 503'),
  WEBHOOK_ALLOW: z
    .string()
    .default('')
    .transform((value, context) => {
      try {
        return networksIn(value)
      } catch (error) {
        context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
        return z.NEVER
      }
    })
    .describe('private networks that webhooks may reach: `10.0.0.0/8,127.0.0.1`; default: none'),
  WEBHOOK_ALLOW_HTTP: yes
    .default(false)
    .describe('`true` lets webhooks use plain http, for a receiver next door'),
  SCAN: z
    .string()
    .transform((value, context) => {
      const address = scannerAddress(value)
      if (address !== undefined) return address
      context.addIssue({
        code: 'custom',
        message: 'must be clamd://host:port, the path of a socket of clamd, or the URL of a scanner',
      })
      return z.NEVER
    })
    .optional()
    .describe(
      'virus scanner: `clamd://host:3310`, the path of its socket, or a URL (docs/moderation.md); default: none',
    ),
  SCAN_ON_FAILURE: oneOf(['allow', 'refuse'])
    .optional()
    .describe('what becomes of files while the scanner fails: `allow` or `refuse`; must be said with `SCAN`'),
  SCAN_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'must be whsec_ and at least 24 bytes in base64')
    .optional()
    .describe('signs what a scanner behind a URL is asked: `whsec_…`'),
  IMAGE_SERVICE_URL: z
    .string()
    .refine(
      value => /^https?:\/\//.test(value) && value.includes('{url}'),
      'must be an http or https URL that contains {url}',
    )
    .optional()
    .describe(
      'template of an image service for `thumbnail_strategy=1`: `{url}`, `{w}`, `{h}`, `{fit}` are filled in',
    ),
  SENDFILE: oneOf(['x-accel-redirect'])
    .optional()
    .describe(
      '`x-accel-redirect` lets nginx or Caddy in front send the files; default: this service sends them',
    ),
  S3_ENDPOINT: httpUrl.optional().describe('S3-compatible service; default: AWS'),
  S3_REGION: z.string().default('auto').describe('its region'),
  S3_BUCKET: z
    .string()
    .min(1)
    .optional()
    .describe('bucket for files; setting it switches from the folder to S3'),
  S3_ACCESS_KEY_ID: z.string().min(1).optional().describe('key id'),
  S3_SECRET_ACCESS_KEY: z.string().min(1).optional().describe('key'),
  S3_FORCE_PATH_STYLE: yes.default(true).describe('`true` for MinIO, Garage, Ceph; `false` for AWS'),
  S3_UPLOAD: oneOf(['put', 'post', 'through'])
    .default('put')
    .describe('how clients upload: presigned `put` or `post`, or `through` this service'),
  BACKUP_EVERY: whole(1, 525_600)
    .optional()
    .describe('minutes between backups of the database; default: none'),
  BACKUP_KEEP: whole(1, 10_000).default(7).describe('backups to keep'),
  BACKUP_TO: z.string().default('').describe('folder for them, or `s3`; default: `DATA_DIR/backups`'),
  LITESTREAM: yes
    .default(false)
    .describe('`true` while Litestream replicates the database: it makes the checkpoints then'),
  LITESTREAM_METRICS: httpUrl
    .default('http://127.0.0.1:9090/metrics')
    .describe('where Litestream tells how far it is'),
  OFFSITE_TO: z
    .string()
    .transform((value, context) => {
      const place = bucketPlace(value)
      if (place !== undefined) return place
      context.addIssue({ code: 'custom', message: bucketPlaceRule })
      return z.NEVER
    })
    .optional()
    .describe('`s3://BUCKET/PREFIX` for the replica and the mirror of the files, with the keys above'),
} as const

const schema = z.object(variables)
type Variables = z.infer<typeof schema>

/** The virus scanner, and what becomes of files while it fails. */
export type ScanConfig = { readonly onFailure: 'allow' | 'refuse' } & (
  | Extract<ScannerAddress, { readonly is: 'clamd' }>
  | { readonly is: 'webhook'; readonly url: string; readonly secret: string }
)

export interface Config extends Omit<Variables, `S3_${string}` | 'SCAN' | `SCAN_${string}`> {
  /** undefined: there is no virus scanner. */
  readonly scan: ScanConfig | undefined
  readonly files: { readonly store: 'folder' } | { readonly store: 's3'; readonly s3: S3Config }
  /** How to reach a bucket that a command or OFFSITE_TO names; undefined if there are no keys. */
  readonly bucketAccess?: BucketAccess | undefined
}

/** A service of buckets and the keys for it. */
export type BucketAccess = Pick<
  S3Config,
  'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey' | 'forcePathStyle'
>

/** Where webhooks may go, as the environment says. */
export const outboundRules = ({
  WEBHOOK_ALLOW,
  WEBHOOK_ALLOW_HTTP,
}: Pick<Config, 'WEBHOOK_ALLOW' | 'WEBHOOK_ALLOW_HTTP'>): OutboundRules => ({
  allowedNetworks: WEBHOOK_ALLOW,
  allowHttp: WEBHOOK_ALLOW_HTTP,
})

/**
 * Reads the environment. Throws `ConfigError` with all that is wrong with it. An empty variable counts as not
 * set. `namesBucket`: the arguments of the command name a bucket, so the variables of S3 may stand without
 * S3_BUCKET.
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  { namesBucket = false } = {},
): Config {
  const set = Object.fromEntries(
    Object.keys(variables).flatMap(name => (environment[name] ? [[name, environment[name]]] : [])),
  )
  const parsed = schema.safeParse(set)
  const wrong = parsed.success
    ? []
    : parsed.error.issues.map(issue => `${issue.path.join('.')} ${issue.message}`)
  wrong.push(
    ...missingOfS3(Object.keys(set), namesBucket),
    ...missingOfScan(set, parsed.data?.SCAN),
    ...misspelt(Object.keys(environment)),
  )
  if (set.SENDFILE && set.S3_BUCKET) {
    wrong.push('SENDFILE is for files in DATA_DIR: where S3_BUCKET is set, clients get them from the bucket')
  }
  if (!parsed.success || wrong.length > 0) throw new ConfigError(wrong.join('\n'))
  const {
    S3_ENDPOINT,
    S3_REGION,
    S3_BUCKET,
    S3_ACCESS_KEY_ID,
    S3_SECRET_ACCESS_KEY,
    S3_FORCE_PATH_STYLE,
    S3_UPLOAD,
    SCAN,
    SCAN_ON_FAILURE,
    SCAN_SECRET,
    ...others
  } = parsed.data
  const rest = { ...others, scan: scanConfig(SCAN, SCAN_ON_FAILURE, SCAN_SECRET) }
  if (S3_ACCESS_KEY_ID === undefined || S3_SECRET_ACCESS_KEY === undefined)
    return { ...rest, files: { store: 'folder' } }
  const bucketAccess: BucketAccess = {
    endpoint: S3_ENDPOINT,
    region: S3_REGION,
    accessKeyId: S3_ACCESS_KEY_ID,
    secretAccessKey: S3_SECRET_ACCESS_KEY,
    forcePathStyle: S3_FORCE_PATH_STYLE,
  }
  if (S3_BUCKET === undefined) return { ...rest, bucketAccess, files: { store: 'folder' } }
  const scanned = SCAN === undefined ? {} : { checksTags: true }
  const s3 = { ...bucketAccess, bucket: S3_BUCKET, upload: S3_UPLOAD, ...scanned }
  return { ...rest, bucketAccess, files: { store: 's3', s3 } }
}

/** A bucket goes with its keys, and the rest of S3's variables with a bucket: what these lack. */
function missingOfS3(set: readonly string[], namesBucket: boolean): string[] {
  const ofS3 = set.filter(name => name.startsWith('S3_'))
  if (ofS3.length === 0) return []
  if (!ofS3.includes('S3_BUCKET') && (namesBucket || set.includes('OFFSITE_TO'))) return []
  if (!ofS3.includes('S3_BUCKET')) return [`S3_BUCKET is missing: without it nothing uses ${ofS3.join(', ')}`]
  const keys = ['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY']
  return keys.filter(key => !ofS3.includes(key)).map(key => `${key} must be set where S3_BUCKET is`)
}

/** The rest of the scanner's variables goes with SCAN, and a scanner behind a URL needs more. */
function missingOfScan(
  set: Readonly<Record<string, unknown>>,
  address: ScannerAddress | undefined,
): string[] {
  const of = (name: string, why: string) => (set[name] === undefined ? [`${name} ${why}`] : [])
  if (set.SCAN === undefined) {
    const useless = ['SCAN_ON_FAILURE', 'SCAN_SECRET'].filter(name => set[name] !== undefined)
    return useless.length === 0 ? [] : [`SCAN is missing: without it nothing uses ${useless.join(', ')}`]
  }
  return [
    ...of(
      'SCAN_ON_FAILURE',
      'must be allow or refuse where SCAN is set: whether files are let through or turned away while the scanner fails',
    ),
    ...(address?.is === 'webhook'
      ? [
          ...of('SCAN_SECRET', 'must be set where SCAN is a URL: it signs what the scanner is asked'),
          ...of('PUBLIC_URL', 'must be set where SCAN is a URL: the scanner fetches files there'),
        ]
      : []),
  ]
}

function scanConfig(
  address: ScannerAddress | undefined,
  onFailure: 'allow' | 'refuse' | undefined,
  secret = '',
): ScanConfig | undefined {
  // SCAN_ON_FAILURE is there where SCAN is.
  if (address === undefined || onFailure === undefined) return undefined
  return address.is === 'clamd' ? { ...address, onFailure } : { ...address, secret, onFailure }
}

/** Names shorter than that are an edit away from too many words to be taken for ours. */
const minNameLength = 6

/** Variables that are almost one of ours: whoever set them meant that one. */
function misspelt(names: readonly string[]): string[] {
  const known = Object.keys(variables).filter(name => name.length >= minNameLength)
  return names.flatMap(name => {
    if (name in variables) return []
    const meant = known.find(ours => isOneEditAway(name, ours))
    return meant === undefined ? [] : [`${name} is no variable of this service: did you mean ${meant}?`]
  })
}

/** Whether one letter was left out, added or changed, or two were swapped. */
function isOneEditAway(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1 || a === b) return false
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  const [restA, restB] = [a.slice(start), b.slice(start)]
  const swapped = restA.length > 1 && restA[0] === restB[1] && restA[1] === restB[0]
  return (
    restA.slice(1) === restB.slice(1) ||
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    (swapped && restA.slice(2) === restB.slice(2))
  )
}
