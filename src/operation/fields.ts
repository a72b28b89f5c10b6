import * as z from 'zod'

/*
 * The types of parameters. A number may be sent as a number or as a decimal string, in the query and in the
 * body. A boolean may also be 0 or 1 (docs/behaviour.md, section 2). Messages follow the parameter's name:
 * "group_id must be …".
 */

const decimal = /^-?(0|[1-9]\d{0,15})$/
const asNumber = (value: unknown): unknown =>
  typeof value === 'string' && decimal.test(value) ? Number(value) : value
const asBoolean = (value: unknown): unknown => {
  if (value === 0 || value === '0' || value === 'false') return false
  if (value === 1 || value === '1' || value === 'true') return true
  return value
}
/** A list in a query: `1,2,3`. */
const asList = (value: unknown): unknown => (typeof value === 'string' ? value.split(',') : value)

/** The format of a text that is a list: its parts are separated by commas. */
export const commaSeparated = 'comma-separated'

/** Whether a parameter is a list. Looks inside optional parameters and defaults. */
export function isList(type: z.ZodType): boolean {
  if (type instanceof z.ZodOptional || type instanceof z.ZodDefault) return isList(type.unwrap() as z.ZodType)
  const meta = type.meta()
  return meta?.type === 'array' || meta?.format === commaSeparated
}

const whole = (min: number, max: number, what: string) =>
  z
    .preprocess(
      asNumber,
      z.number({ error: what }).refine(n => Number.isSafeInteger(n) && n >= min && n <= max, { error: what }),
    )
    .meta({
      type: 'integer',
      minimum: min,
      maximum: max,
    })

/** An id of a user, group, announcement or file. */
export const id = whole(1, Number.MAX_SAFE_INTEGER, 'must be a positive integer up to 2^53-1')

export const integer = (min: number, max: number = Number.MAX_SAFE_INTEGER) =>
  whole(min, max, `must be an integer from ${min} to ${max}`)

/**
 * Any safe integer. For parameters whose range is checked later, because a wrong value has its own error
 * code.
 */
export const anyInteger = integer(Number.MIN_SAFE_INTEGER)

export const boolean = z
  .preprocess(asBoolean, z.boolean({ error: 'must be true or false' }))
  .meta({ type: 'boolean' })

const list = (min: number, max: number) => {
  const error = `must be a list of ${min === 0 ? 'at most' : `${min} to`} ${max} ids`
  return z
    .preprocess(asList, z.array(id, { error }).min(min, { error }).max(max, { error }))
    .transform(ids => [...new Set(ids)])
    .meta({ type: 'array', items: { type: 'integer' }, minItems: min, maxItems: max })
}

/** 0 to `max` ids; duplicates act once. */
export const idsUpTo = (max: number) => list(0, max)
/** 1 to `max` ids; duplicates act once. */
export const someIdsUpTo = (max: number) => list(1, max)
/** 1 to 500 ids, as changes take them; duplicates act once. */
export const someIds = someIdsUpTo(500)

/**
 * The number of code points, which is what a person counts as characters. It is never larger than the number
 * of UTF-16 units.
 */
export function codePoints(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length - 1; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0xd800 && unit < 0xdc00) count--
  }
  return count
}

const lonelySurrogate = /\p{Surrogate}/u
const control = /[\u0000-\u001f\u007f-\u009f]/

/**
 * A text of at most `max` code points, answered exactly as it was sent. Half of a surrogate pair is refused,
 * because it could not be answered.
 */
export const text = (max: number, min = 0) =>
  z
    .string({ error: 'must be a string' })
    .refine(
      value => (value.length <= max || codePoints(value) <= max) && (min === 0 || value.length >= min),
      {
        error: min === 0 ? `must be at most ${max} characters` : `must be ${min} to ${max} characters`,
      },
    )
    .refine(value => !lonelySurrogate.test(value), { error: 'must be well-formed Unicode' })
    .meta({ maxLength: max, minLength: min })

/**
 * A visible character: not white space, and not a character without a shape of its own (joiners, variation
 * selectors, Hangul fillers, the empty Braille pattern).
 */
const visible = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cf}\u2800]/u

/** A name: a text without control characters. Unless it is empty it has at least one visible character. */
export const name = (max: number, min = 0) =>
  text(max, min)
    .refine(value => !control.test(value), { error: 'must not contain control characters' })
    .refine(value => value === '' || visible.test(value), {
      error: 'must contain a character that can be seen',
    })

/**
 * An http(s) URL without credentials, or a path of this service (`/file/…`). The service stores and answers
 * it, and never fetches it. `javascript:`, `data:`, `//host` and the like are refused, so they never reach a
 * client (docs/file-security.md 24, 25).
 */
export const url = name(2048, 1).refine(isPublicUrl, { error: 'must be an http or https URL' })

/** As `url`, but also the name of an object, or empty, because clients send these as avatars. */
export const avatar = name(2048).refine(
  value => isPublicUrl(value) || /^(?![\s/\\])(?![a-z][a-z0-9+.-]*:)/i.test(value),
  {
    error: 'must be an http or https URL, or the name of an avatar object',
  },
)

function isPublicUrl(value: string): boolean {
  if (/^\/(?![/\\])[^\\\s]*$/.test(value)) return true
  if (!/^https?:\/\/[^\s\\]+$/i.test(value) || !URL.canParse(value)) return false
  const parsed = new URL(value)
  return parsed.username === '' && parsed.password === ''
}

const cursor = z
  .string({ error: 'must be a string' })
  .max(512, { error: 'is not one of this list' })
  .default('')

/** Parameters of a paged list. `version` is accepted and has no effect (docs/behaviour.md, section 5). */
export const paging = (defaultLimit: number) => ({
  cursor,
  limit: integer(1, 1000).default(defaultLimit),
  version: z.unknown().optional(),
})

/**
 * The same for lists that have no pages in the reference. Without `limit`, a page has as many rows as one
 * answer can hold.
 */
export const pagingIfAsked = { cursor, limit: integer(1, 1000).optional() }

/**
 * A list of ids in which anything that is not an id is ignored instead of refused (docs/behaviour.md, section
 * 4, `create`).
 */
export const idsOrNothing = z
  .preprocess(asList, z.array(z.unknown()).max(500, { error: 'must be a list of at most 500 ids' }))
  .transform(all => [...new Set(all.flatMap(value => id.safeParse(value).data ?? []))])
  .meta({ type: 'array', items: { type: 'integer' }, maxItems: 500 })
  .default([])
