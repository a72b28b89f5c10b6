import { type Credentials, isSignature, refuseScope, S3Refusal } from './s3-signature.ts'

/**
 * Browser uploads as S3 checks them:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 */

interface Policy {
  readonly expiration: string
  readonly conditions: readonly (
    | readonly [string, string | number, string | number]
    | Readonly<Record<string, string>>
  )[]
}

const uncovered = new Set(['file', 'policy', 'x-amz-signature'])

/**
 * Undefined if the form's policy is signed by these credentials, in time at `now` (milliseconds since 1970)
 * and allows every field and the file.
 */
export function refuseForm(
  form: FormData,
  bucket: string,
  credentials: Credentials,
  now: number,
): S3Refusal | undefined {
  const fields = new Map([['bucket', bucket]])
  for (const [name, value] of form) if (typeof value === 'string') fields.set(name.toLowerCase(), value)
  const file = form.get('file')
  const encoded = fields.get('policy')
  const date = fields.get('x-amz-date') ?? ''
  if (!encoded || fields.get('x-amz-algorithm') !== 'AWS4-HMAC-SHA256')
    return new S3Refusal(403, 'AccessDenied')
  const scoped = refuseScope(fields.get('x-amz-credential') ?? '', date, credentials)
  if (scoped) return scoped
  if (!isSignature(fields.get('x-amz-signature') ?? '', encoded, date.slice(0, 8), credentials))
    return new S3Refusal(403, 'SignatureDoesNotMatch')

  const policy = JSON.parse(Buffer.from(encoded, 'base64').toString()) as Policy
  if (!(now < Date.parse(policy.expiration))) return new S3Refusal(403, 'AccessDenied')
  if (!(file instanceof File)) return new S3Refusal(400, 'InvalidArgument')
  const covered = new Set(uncovered)
  for (const condition of policy.conditions.flatMap(asTriples)) {
    const [operator, field, value] = condition
    if (operator === 'content-length-range') {
      if (file.size < Number(field)) return new S3Refusal(400, 'EntityTooSmall')
      if (file.size > Number(value)) return new S3Refusal(400, 'EntityTooLarge')
      continue
    }
    const name = String(field).slice(1).toLowerCase()
    const given = fields.get(name)
    const fits =
      operator === 'eq' ? given === value : operator === 'starts-with' && given?.startsWith(String(value))
    if (!fits) return new S3Refusal(403, 'AccessDenied')
    covered.add(name)
  }
  const extra = [...fields.keys()].filter(
    name => name !== 'bucket' && !covered.has(name) && !name.startsWith('x-ignore-'),
  )
  return extra.length > 0 ? new S3Refusal(403, 'AccessDenied') : undefined
}

/** `{ key: 'a' }` is short for `['eq', '$key', 'a']`. */
function asTriples(
  condition: Policy['conditions'][number],
): (readonly [string, string | number, string | number])[] {
  if (isTriple(condition)) return [condition]
  return Object.entries(condition).map(([name, value]) => ['eq', `$${name}`, value])
}

function isTriple(
  condition: Policy['conditions'][number],
): condition is readonly [string, string | number, string | number] {
  return Array.isArray(condition)
}
