import type { z } from 'zod'
import type { JsonText } from '../db/json-rows.ts'
import type { Bound, RowsOf } from '../db/query.ts'
import type { NewEvent } from '../events/event.ts'
import type { BlobStore, Outbound } from '../platform.ts'
import type { App } from '../tenant/app.ts'
import { type Refusal, refuse } from './errors.ts'
import type { Requirement } from './roles.ts'

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE'

/** What an operation is about, for the documentation. */
export type Tag = 'group' | 'file' | 'authz' | 'events' | 'compat' | 'administration' | 'operator'

/** The least that a token must be. An administrator that acts as a user is no more than that user. */
export type Who = 'user' | 'administrator' | 'operator'

/** Who calls, as the token and the acting headers say (docs/behaviour.md, section 2). */
export interface Caller {
  /** Its token is an administrator's, whoever it acts as. */
  readonly administrator: boolean
  /** null: an administrator who acts as nobody in particular, so as the owner of the group in question. */
  readonly user_id: number | null
  /** An administrator bound by the `group_id` header to this one group. */
  readonly only_group: number | null
  /** Id of the key that signed its token; missing where there is no token. */
  readonly key_id?: string
}

/** The caller of an operation on its own self: an administrator has said as whom it acts. */
export interface SelfCaller extends Caller {
  readonly user_id: number
}
export type CallerOf<Self extends boolean> = Self extends true ? SelfCaller : Caller

/** Where a call came from, for the record of what happened. */
export interface Origin {
  /** Id of the request. */
  readonly request: string
  /** The caller's address as AUDIT_IP lets it be kept. */
  readonly ip: string
}

/** All that an operation may know besides the rows it asked for. */
export interface Call<In, Who extends Caller = Caller> {
  readonly app: App
  readonly caller: Who
  readonly input: In
  /** Milliseconds since 1970; one instant for the whole operation. */
  readonly now: number
  readonly newId: () => number
  /** Missing where the service itself calls: its jobs, the command line. */
  readonly origin?: Origin
}

export interface Page {
  /** '' on the last page. */
  readonly cursor: string
  /** Only where the reference knows pages. */
  readonly total?: number
  readonly version?: number
}

/** `cursor`: the reference knows no pages of this list; the answer has a cursor all the same, and no total. */
export type Paged = boolean | 'cursor'

/** What an operation decided: the answer, the rows to write, and what happened. */
export interface Outcome<Out> {
  readonly data: Out
  readonly page?: Page
  readonly writes?: readonly Bound[]
  /** What happened, if these rows are written: recorded in the same change. */
  readonly events?: readonly NewEvent[]
  /** The answer of an earlier request with the same Idempotency-Key: nothing happened now. */
  readonly replayed?: boolean
}

/** An answer of this shape: as a value, or as the JSON that SQLite made. */
export type Answered<Out> = Out | JsonText<Out>

/**
 * An operation of the API, whole. It names the rows it needs, decides from them without side effects, and
 * returns what to write: an executor runs it, possibly more than once, so `decide` must not keep anything.
 * Everything else (routes, documentation, permission tests) is read off this value.
 */
export interface Operation<Shape extends z.ZodRawShape = z.ZodRawShape, Out = unknown> {
  readonly id: string
  readonly methods: readonly Method[]
  readonly path: string
  /**
   * Other paths of the same operation which existing clients call (docs/behaviour.md, section 8): `GET
   * /app/qrcode/group_sign`.
   */
  readonly compat?: readonly { readonly methods: readonly Method[]; readonly path: string }[]
  readonly title: string
  readonly description: string
  readonly tag: Tag
  /** Whose token it takes; `user` takes an administrator's, too, and `administrator` the operator's. */
  readonly who: Who
  /** Needs a user of its own: an administrator must send `user_id`. */
  readonly self: boolean
  /**
   * What the group named in the input asks of the caller; undefined for operations that name no one group.
   */
  readonly requires: Requirement | undefined
  readonly input: z.ZodObject<Shape>
  /** `data` of a successful answer. */
  readonly answer: z.ZodType<Out>
  readonly paged: Paged
  /** Runs in the write queue. */
  readonly writes: boolean
  /**
   * Operator's operations that are about all apps: run in every database, and answered as this makes one of
   * what each decided.
   */
  merge?(outcomes: readonly Outcome<unknown>[], call: Call<unknown>): Outcome<unknown>
  /** Judges what takes a port to judge, after the parameters and before anything is read. */
  admit?(input: unknown, at: Admitting): Refusal | undefined
  reads(call: Call<unknown>): readonly Bound[] | Refusal
  decide(call: Call<unknown>, rows: readonly (readonly unknown[])[]): Outcome<Answered<Out>> | Refusal
  /**
   * Turns what was decided into the answer where that takes the request or the store: URLs. Runs after the
   * change is on disk.
   */
  present?(decided: unknown, at: Presenting): unknown
}

/** What `present` may know. */
export interface Presenting {
  readonly app: App
  readonly now: number
  /** How the client reaches this service, without a slash at the end. */
  readonly baseUrl: string
  readonly blobs: BlobStore
  readonly outbound: Outbound
}

/** What `admit` may know. */
export interface Admitting {
  readonly outbound: Outbound
}

interface Common<Shape extends z.ZodRawShape, Out, Self extends boolean> {
  readonly id: string
  readonly methods: readonly Method[]
  readonly path: string
  readonly compat?: readonly { readonly methods: readonly Method[]; readonly path: string }[]
  readonly title: string
  readonly description?: string
  readonly tag?: Tag
  readonly who?: Who
  readonly self?: Self
  readonly input: z.ZodObject<Shape>
  readonly answer: z.ZodType<Out>
  readonly paged?: Paged
}

/**
 * An operation whose answer is made from what it decided by `present`: `answer` is then the shape of that.
 */
export const presented = <Shape extends z.ZodRawShape, Decided, Out>(
  decided: Operation<Shape, Decided>,
  answer: z.ZodType<Out>,
  present: (decided: Decided, at: Presenting) => Out | Promise<Out>,
): Operation<Shape> => ({ ...decided, answer, present: (data, at) => present(data as Decided, at) })

/** What an administrator bound by its `group_id` header hears when it names another. */
export const otherGroup = 'the group_id header allows this administrator no other group'

export type Input<Shape extends z.ZodRawShape> = z.infer<z.ZodObject<Shape>>

/** An operation that names no one group: `reads` and `decide` get the call as it came. */
export function operation<
  Shape extends z.ZodRawShape,
  Out,
  const R extends readonly Bound[],
  Self extends boolean = false,
>(
  o: Common<Shape, Out, Self> & {
    readonly writes?: boolean
    merge?(outcomes: readonly Outcome<Out>[], call: Call<Input<Shape>>): Outcome<Out>
    admit?(input: Input<Shape>, at: Admitting): Refusal | undefined
    reads(call: Call<Input<Shape>, CallerOf<Self>>): R | Refusal
    decide(call: Call<Input<Shape>, CallerOf<Self>>, rows: RowsOf<R>): Outcome<Answered<Out>> | Refusal
  },
): Operation<Shape, Out> {
  const { merge } = o
  return {
    ...described(o),
    ...(merge !== undefined && {
      // What merges decides values, not JSON.
      merge: (outcomes, call) => merge(outcomes as Outcome<Out>[], call as Call<Input<Shape>>),
    }),
    requires: undefined,
    writes: o.writes ?? false,
    // Only an input that has passed `input` is handed in.
    ...(o.admit && { admit: (input, at) => o.admit?.(input as Input<Shape>, at) }),
    // The executor hands back the rows of exactly these reads, for an input that has passed `input` and a
    // caller that has passed `self`: the casts of the mechanism.
    reads(call) {
      const { only_group } = call.caller
      if (only_group !== null && groupsIn(call.input).some(group_id => group_id !== only_group))
        return refuse('no_permission', otherGroup)
      return o.reads(call as Call<Input<Shape>, CallerOf<Self>>)
    },
    decide: (call, rows) =>
      o.decide(call as Call<Input<Shape>, CallerOf<Self>>, rows as unknown as RowsOf<R>),
  }
}

/** The groups that an input names in another way than by `group_id`. */
function groupsIn(input: unknown): readonly number[] {
  const { group_list, to_type, to_id } = input as {
    group_list?: readonly number[]
    to_type?: number
    to_id?: number
  }
  return group_list ?? (to_type === 2 && to_id !== undefined ? [to_id] : [])
}

export function described<Shape extends z.ZodRawShape, Out>(o: Common<Shape, Out, boolean>) {
  return {
    id: o.id,
    methods: o.methods,
    path: o.path,
    ...(o.compat && { compat: o.compat }),
    title: o.title,
    description: o.description ?? '',
    tag: o.tag ?? ('group' as const),
    who: o.who ?? ('user' as const),
    self: o.self ?? false,
    input: o.input,
    answer: o.answer,
    paged: o.paged ?? false,
  }
}
export type Described<Shape extends z.ZodRawShape, Out, Self extends boolean> = Common<Shape, Out, Self>
