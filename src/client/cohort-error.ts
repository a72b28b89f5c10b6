import { codes } from './operations.gen.ts'

/** The name of a code of the API, as docs/behaviour.md, section 3, lists them: `group_full`. */
export type CodeName = keyof typeof codes

/** The parts of a `CohortError`. */
export interface Failure {
  /** A code of the API, or the HTTP status where the API had no say; 0 where nothing was answered. */
  readonly code: number
  /** HTTP status; 0 where nothing was answered. */
  readonly status: number
  readonly message: string
  /** `x-request-id` of the answer: the service's log has it. */
  readonly requestId: string
  readonly cause?: unknown
}

const nameOf = (code: number): CodeName | undefined =>
  (Object.keys(codes) as CodeName[]).find(name => codes[name] === code)

/** The service refused a call, or could not be reached. Every method of the client throws nothing else. */
export class CohortError extends Error {
  override readonly name = 'CohortError'
  readonly code: number
  readonly status: number
  readonly requestId: string
  /** The name of `code`, where it is one of the API. */
  readonly reason: CodeName | undefined
  /** The same call may succeed later, unchanged. The client has tried it again already. */
  readonly retryable: boolean
  constructor({ code, status, message, requestId, cause }: Failure) {
    super(message, { cause })
    this.code = code
    this.status = status
    this.requestId = requestId
    this.reason = nameOf(code)
    this.retryable = status === 0 || status === 429 || status === 503 || this.reason === 'database_failed'
  }
}
