/** Fields of answers that are the id of a user. */
const idFields: ReadonlySet<string> = new Set([
  'user_id',
  'owner_id',
  'author',
  'uploader',
  'inviter_id',
  'invitee_id',
  'applicant_id',
  'new_owner',
])

/**
 * A value of JSON without the user: the user's id becomes 0, and the texts beside it become empty. So the
 * answer that is kept under an Idempotency-Key still prevents that the change is made twice.
 */
export function withoutUser(value: unknown, user_id: number): unknown {
  if (Array.isArray(value)) return value.map(item => withoutUser(item, user_id))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const isAbout = entries.some(([name, field]) => field === user_id && idFields.has(name))
  return Object.fromEntries(
    entries.map(([name, field]) => {
      if (field === user_id && idFields.has(name)) return [name, 0]
      if (isAbout && typeof field === 'string') return [name, '']
      return [name, withoutUser(field, user_id)]
    }),
  )
}
