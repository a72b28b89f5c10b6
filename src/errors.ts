/** The closed list of codes (spec: behaviour, section 3) and what each says when nothing more precise can be said. */
export const codeTexts = {
  402: 'access-token has expired: sign in again',
  10002: 'a parameter is missing or wrong',
  10003: 'access-token is missing: send it in the access-token header',
  10008: 'access-token is invalid',
  10009: 'object storage failed or cannot do this',
  10010: 'no permission',
  10030: 'file_sign is invalid',
  10031: 'file_sign has expired',
  20000: 'the database failed: try again',
  20001: 'group does not exist',
  20002: 'user is not a member of this group',
  20003: 'msg_push_mode must be 0, 1, 2, 3 or 4',
  20004: 'the owner cannot leave: transfer the group first, or destroy it',
  20005: 'new_owner is not a member of this group',
  20007: 'this app has reached its limit of groups',
  20008: 'user has reached the limit of groups created',
  20009: 'user has reached the limit of groups joined',
  20010: 'group has reached its limit of members',
  20011: 'only a member of this group may do this',
  20012: 'only an admin of this group may do this',
  20013: 'only the owner of this group may do this',
  20014: 'there is no pending application: it expired, was processed, or never was',
  20015: 'there is no pending invitation: it expired, was processed, or never was',
  20016: 'user was kicked from this group too often',
  20017: 'user is already a member of this group',
  20018: 'user is on the blacklist of this group',
  20020: 'announcement does not exist',
  20022: 'shared file does not exist',
  20023: 'only the uploader or an admin may change this shared file',
  20024: 'qr_info is invalid',
  20025: 'qr_info has expired: ask for a new QR code',
  40000: 'app_id does not exist',
} as const

export type Code = keyof typeof codeTexts

/** A business or authentication error: answered with HTTP 200 and its own code. A value, not an exception: operations return it. */
export class Refusal {
  readonly code: Code
  readonly message: string
  /** `detail` says which field or rule it was; without it the code's own text is answered. */
  constructor(code: Code, detail?: string) {
    this.code = code
    this.message = detail ?? codeTexts[code]
  }
}

export const refuse = (code: Code, detail?: string): Refusal => new Refusal(code, detail)

/** An error of the HTTP level (413, 415, 503, …): thrown, answered with that status. `headers` go out with it. */
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
