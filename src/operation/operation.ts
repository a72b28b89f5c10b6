import type * as z from 'zod'
import type { JsonText } from '../db/json-rows.ts'
import type { Bound, RowsOf } from '../db/query.ts'
import type { NewEvent } from '../events/event.ts'
import type { BlobStore, Outbound } from '../platform.ts'
import type { App } from '../tenant/app.ts'
import { Refusal, refuse } from './errors.ts'
import type { Requirement } from './roles.ts'

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE'

/** The section of the documentation that an operation belongs to. */
export type Tag = 'group' | 'file' | 'authz' | 'events' | 'compat' | 'administration' | 'operator'

/**
 * The least powerful token that an operation accepts. An administrator that acts as a user has only that
 * user's rights.
 */
export type Who = 'user' | 'administrator' | 'operator'

/** The caller, as the token and the acting headers say (docs/behaviour.md, section 2). */
export interface Caller {
  /** Whether the token is an administrator's, also while the administrator acts as a user. */
  readonly administrator: boolean
  /**
   * null: an administrator that acts as no particular user. It has the rights of the owner of the group in
   * question.
   */
  readonly user_id: number | null
  /** The only group that this administrator may name, set by the `group_id` header; null: any group. */
  readonly only_group: number | null
  /** Id of the key that signed the token; missing if there is no token. */
  readonly key_id?: string
}

/** The caller of an operation on its own user. An administrator has said which user it acts as. */
export interface SelfCaller extends Caller {
  readonly user_id: number
}
export type CallerOf<Self extends boolean> = Self extends true ? SelfCaller : Caller

/** Where a call came from, for its events. */
export interface Origin {
  /** Id of the request. */
  readonly request: string
  /** The caller's address, in the form that AUDIT_IP allows. */
  readonly ip: string
}

/** Everything that an operation may use besides the rows that it reads. */
export interface Call<In, Who extends Caller = Caller> {
  readonly app: App
  readonly caller: Who
  readonly input: In
  /** Milliseconds since 1970. It does not change during the operation. */
  readonly now: number
  readonly newId: () => number
  /** Missing if the service itself calls: its jobs and the command line. */
  readonly origin?: Origin
}

export interface Page {
  /** '' on the last page. */
  readonly cursor: string
  /** Only for lists that have pages in the reference. */
  readonly total?: number
  readonly version?: number
}

/** `cursor`: the list has no pages in the reference. The answer has a cursor all the same, and no total. */
export type Paged = boolean | 'cursor'

/** What an operation decided: the answer, the rows to write, and the events. */
export interface Outcome<Out> {
  readonly data: Out
  readonly page?: Page
  readonly writes?: readonly Bound[]
  /** The events, which are written in the same change as the rows. */
  readonly events?: readonly NewEvent[]
  /** This is the answer of an earlier request with the same Idempotency-Key. Nothing is written now. */
  readonly replayed?: boolean
}

/** An answer of this shape, as a value or as the JSON that SQLite made. */
export type Answered<Out> = Out | JsonText<Out>

/**
 * An operation of the API with everything that belongs to it. It names the rows that it reads, decides from
 * them without side effects, and returns what to write. An executor runs it, and may run `decide` more than
 * once, so `decide` must not store anything. Routes, documentation and permission tests are made from this
 * value.
 */
export interface Operation<Shape extends z.ZodRawShape = z.ZodRawShape, Out = unknown> {
  readonly id: string
  readonly methods: readonly Method[]
  readonly path: string
  /**
   * Other paths of the same operation that existing clients call (docs/behaviour.md, section 8), such as `GET
   * /app/qrcode/group_sign`.
   */
  readonly compat?: readonly { readonly methods: readonly Method[]; readonly path: string }[]
  readonly title: string
  readonly description: string
  readonly tag: Tag
  /**
   * Which tokens it accepts. `user` also accepts an administrator's, and `administrator` also the operator's.
   */
  readonly who: Who
  /** The operation is about the caller's own user, so an administrator must send `user_id`. */
  readonly self: boolean
  /**
   * The role that the caller needs in the group that the input names; undefined for operations that do not
   * name one group.
   */
  readonly requires: Requirement | undefined
  readonly input: z.ZodObject<Shape>
  /** The shape of `data` in a successful answer. */
  readonly answer: z.ZodType<Out>
  readonly paged: Paged
  /** Whether it writes. Operations that write run in the write queue. */
  readonly writes: boolean
  /** Of an operation that reads: see `Task`. */
  readonly lasting: boolean
  /** Of an operation that reads: see `Task`. */
  unsaved?(result: Outcome<Answered<Out>> | Refusal): Outcome<Answered<Out>> | Refusal
  /**
   * For the operator's operations about all apps. They run in every database, and `merge` makes one answer of
   * the outcomes of all of them.
   */
  merge?(outcomes: readonly Outcome<unknown>[], call: Call<unknown>): Outcome<unknown>
  /**
   * Checks that need a port, such as whether a URL may be called. Runs after the parameters were checked and
   * before anything is read.
   */
  admit?(input: unknown, at: Admitting): Refusal | undefined
  reads(call: Call<unknown>): readonly Bound[] | Refusal
  decide(call: Call<unknown>, rows: readonly (readonly unknown[])[]): Outcome<Answered<Out>> | Refusal
  /**
   * Makes the answer from what was decided, where that needs the request or the store, such as for URLs. Runs
   * when the change is on disk.
   */
  present?(decided: unknown, at: Presenting): unknown
}

/** What `present` may use. */
export interface Presenting {
  readonly app: App
  readonly now: number
  /** The URL at which the client reaches this service, without a slash at the end. */
  readonly baseUrl: string
  readonly blobs: BlobStore
  readonly outbound: Outbound
}

/** What `admit` may use. */
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
  readonly lasting?: boolean
}

/**
 * An operation whose answer `present` makes from what was decided. `answer` is then the shape of what
 * `present` returns.
 */
export const presented = <Shape extends z.ZodRawShape, Decided, Out>(
  decided: Operation<Shape, Decided>,
  answer: z.ZodType<Out>,
  present: (decided: Decided, at: Presenting) => Out | Promise<Out>,
): Operation<Shape> => ({ ...decided, answer, present: (data, at) => present(data as Decided, at) })

/** The message for an administrator bound by its `group_id` header that names another group. */
export const otherGroup = 'the group_id header allows this administrator no other group'

export type Input<Shape extends z.ZodRawShape> = z.infer<z.ZodObject<Shape>>

/** Declares an operation that names no single group: `reads` and `decide` get the call unchanged. */
export function operation<
  Shape extends z.ZodRawShape,
  Out,
  const R extends readonly Bound[],
  Self extends boolean = false,
>(
  o: Common<Shape, Out, Self> & {
    readonly writes?: boolean
    /** Of an operation that reads: its answer while the disk fails; see `Task`. */
    unsaved?(data: Out): Out
    merge?(outcomes: readonly Outcome<Out>[], call: Call<Input<Shape>>): Outcome<Out>
    admit?(input: Input<Shape>, at: Admitting): Refusal | undefined
    reads(call: Call<Input<Shape>, CallerOf<Self>>): R | Refusal
    decide(call: Call<Input<Shape>, CallerOf<Self>>, rows: RowsOf<R>): Outcome<Answered<Out>> | Refusal
  },
): Operation<Shape, Out> {
  const { merge, unsaved } = o
  return {
    ...described(o),
    ...(merge !== undefined && {
      // Operations with `merge` decide values and not JSON.
      merge: (outcomes, call) => merge(outcomes as Outcome<Out>[], call as Call<Input<Shape>>),
    }),
    ...(unsaved !== undefined && {
      // Such operations decide values and not JSON.
      unsaved: result =>
        result instanceof Refusal ? result : { ...result, data: unsaved(result.data as Out) },
    }),
    requires: undefined,
    writes: o.writes ?? false,
    // `input` is only a value that has passed the schema.
    ...(o.admit && { admit: (input, at) => o.admit?.(input as Input<Shape>, at) }),
    // Casts of the mechanism. The executor passes the rows of exactly these reads. The input has passed the
    // schema, and the caller has passed `self`.
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

/** The groups that an input names in another field than `group_id`. */
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
    lasting: o.lasting ?? false,
  }
}
export type Described<Shape extends z.ZodRawShape, Out, Self extends boolean> = Common<Shape, Out, Self>
