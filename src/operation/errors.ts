/**
 * Every error of the API: its name in the code, its number in answers, and its default message
 * (docs/behaviour.md, section 3). No others may be added.
 */
export const errors = {
  token_expired: [402, 'access-token has expired: sign in again'],
  invalid_parameter: [10002, 'a parameter is missing or wrong'],
  token_missing: [10003, 'access-token is missing: send it in the access-token header'],
  token_invalid: [10008, 'access-token is invalid'],
  storage_failed: [10009, 'object storage failed or cannot do this'],
  no_permission: [10010, 'no permission'],
  file_sign_invalid: [10030, 'file_sign is invalid'],
  file_sign_expired: [10031, 'file_sign has expired'],
  file_quarantined: [10032, 'this file is under quarantine'],
  file_unscanned: [10033, 'this file waits for the virus scanner: try again in a moment'],
  database_failed: [20000, 'the database failed: try again'],
  group_not_found: [20001, 'group does not exist'],
  not_a_member: [20002, 'user is not a member of this group'],
  push_mode_invalid: [20003, 'msg_push_mode must be 0, 1, 2, 3 or 4'],
  owner_cannot_leave: [20004, 'the owner cannot leave: transfer the group first, or destroy it'],
  new_owner_not_a_member: [20005, 'new_owner is not a member of this group'],
  app_group_limit: [20007, 'this app has reached its limit of groups'],
  created_group_limit: [20008, 'user has reached the limit of groups created'],
  joined_group_limit: [20009, 'user has reached the limit of groups joined'],
  group_full: [20010, 'group has reached its limit of members'],
  needs_member: [20011, 'only a member of this group may do this'],
  needs_admin: [20012, 'only an admin of this group may do this'],
  needs_owner: [20013, 'only the owner of this group may do this'],
  no_pending_application: [20014, 'there is no pending application: it expired, was processed, or never was'],
  no_pending_invitation: [20015, 'there is no pending invitation: it expired, was processed, or never was'],
  kicked_too_often: [20016, 'user was kicked from this group too often'],
  already_member: [20017, 'user is already a member of this group'],
  blacklisted: [20018, 'user is on the blacklist of this group'],
  announcement_not_found: [20020, 'announcement does not exist'],
  shared_file_not_found: [20022, 'shared file does not exist'],
  not_your_shared_file: [20023, 'only the uploader or an admin may change this shared file'],
  webhook_not_found: [20026, 'webhook does not exist'],
  qr_invalid: [20024, 'qr_info is invalid'],
  qr_expired: [20025, 'qr_info has expired: ask for a new QR code'],
  app_not_found: [40000, 'app_id does not exist'],
} as const

export type ErrorName = keyof typeof errors

/** The numbers that answers carry. */
export type Code = (typeof errors)[ErrorName][0]

/** The default message of an error. */
export const textOf = (name: ErrorName): string => errors[name][1]

/**
 * A business or authentication error. It is answered with HTTP 200 and its own code. It is a value and not an
 * exception: operations return it.
 */
export class Refusal {
  readonly name: ErrorName
  /** The number that the answer carries. */
  readonly code: Code
  readonly message: string
  /**
   * The HTTP status, if it is not the usual one of this error. Used only where errors are answered with an
   * HTTP status.
   */
  readonly status: number | undefined
  /** `detail` says which field or rule is the reason; without it the error's default message is answered. */
  constructor(name: ErrorName, detail?: string, status?: number) {
    this.name = name
    this.status = status
    this.code = errors[name][0]
    this.message = detail ?? textOf(name)
  }
}

/** A refusal; see `Refusal` for `detail` and `status`. */
export const refuse = (name: ErrorName, detail?: string, status?: number): Refusal =>
  new Refusal(name, detail, status)

/** An error of HTTP (413, 415, 503, …). It is thrown, and answered with that status and with `headers`. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

/**
 * The database failed between a change and its answer. The change may have been made or not, and may be there
 * or not after a restart.
 */
export class OutcomeUnknown extends HttpError {
  constructor(options?: ErrorOptions) {
    super(
      503,
      'the database failed while this was saved, so it may or may not have been carried out: ' +
        'repeat with the same Idempotency-Key',
      { 'retry-after': '1' },
    )
    if (options !== undefined) this.cause = options.cause
  }
}
