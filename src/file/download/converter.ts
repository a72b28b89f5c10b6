import type { DerivedObject } from '../../db/schema.ts'
import { hasFrames } from '../../media/media-types.ts'
import type { Metrics } from '../../metrics.ts'
import type { Turn } from '../../operation/fair-queue.ts'
import type { RunTask } from '../../operation/task.ts'
import { type ByteStream, type Bytes, CannotConvert, NoConverter } from '../../platform.ts'
import type { StoredObject } from '../objects.ts'
import { remember } from '../upload/object-life.ts'
import { conversionLine } from './conversion-line.ts'
import { type Converters, derive, largestPicture } from './derive.ts'
import { RecentBytes } from './recent-bytes.ts'
import type { Variant } from './variant.ts'

type Made = Exclude<Variant, { kind: 'original' }>

/** The result of a conversion. It is stored beside the object, or comes along as `body`. */
export interface Converted extends DerivedObject {
  readonly body?: Bytes | Blob
}

/** A request that wants a conversion. */
export interface Requester {
  readonly run: RunTask
  readonly turn: Turn
  /** Aborted when the requester has gone. */
  signal(): AbortSignal
  /** Charges the requester for the cost of the work, in requests. */
  charge(cost: number): void
}

/** Throws `CannotConvert`, `BlobStoreError`, and `HttpError` 429. */
export type Converter = (requester: Requester, object: StoredObject, variant: Made) => Promise<Converted>

const mebibyte = 1024 * 1024
/**
 * Results that are not stored are kept in memory for requests that follow soon. Bytes, of all apps together.
 */
const maxRecentBytes = 24 * mebibyte
/** How long a file that could not be converted is not tried again, and how many such files are remembered. */
const failedForMs = 10 * 60_000
const maxFailed = 1000

/** A conversion that one or more requests wait for. */
interface Work {
  readonly result: Promise<Converted>
  waiting: number
  begun: boolean
  /**
   * Begins the work for the requester whose turn came first. undefined: it has begun already, or nobody waits
   * for it.
   */
  begin(requester: Requester): Promise<unknown> | undefined
}

/**
 * Makes each thing once. While it waits or is being made, everybody who asks for it waits for the same work,
 * each in a place in line of its own. Results that are useful again and again are kept in the store. Pictures
 * of other sizes are made for the request and not stored.
 */
export function converter(ports: Converters, metrics: Pick<Metrics, 'add'>): Converter {
  const { blobs } = ports
  const works = new Map<string, Work>()
  const recent = new RecentBytes<Converted>(maxRecentBytes)
  const failed = new Map<string, { readonly error: CannotConvert; readonly until: number }>()
  const pictures = conversionLine({ atOnce: 3, ofApp: 2, waitingOfUser: 100, bytes: 2 * largestPicture })
  // A decoder of video or sound takes a whole processor for seconds.
  const others = conversionLine({ atOnce: 2, ofApp: 1, waitingOfUser: 30, bytes: 2 * largestPicture })

  const make = async (run: RunTask, object: StoredObject, variant: Made): Promise<Converted> => {
    const { bytes, contentType } = await derive(ports, object, variant)
    metrics.add('cohort_conversions_total')
    const size = bytes.byteLength
    const made = { content_type: contentType, size }
    const key = object.object_name + variant.suffix
    const unkept = { ...made, body: ports.memoryBody?.(bytes) ?? bytes }
    if (!variant.kept) {
      recent.set(key, unkept)
      return unkept
    }
    // Two processes may make the same thing. The result that is stored first stays.
    if ((await blobs.head(key)) === undefined) await blobs.put(key, streamOf(bytes), { size, contentType })
    if ((await run(remember(object, variant.suffix, made))) === true) return made
    await blobs.delete([key])
    recent.set(key, unkept)
    return unkept
  }

  const newWork = (key: string, object: StoredObject, variant: Made): Work => {
    const { promise: result, resolve, reject } = deferred<Converted>()
    // Everybody may have gone when it fails. The failure must not count as an unhandled rejection then.
    result.catch(() => undefined)
    return {
      result,
      waiting: 0,
      begun: false,
      begin({ run, charge }) {
        if (this.begun || this.waiting === 0) return undefined
        this.begun = true
        charge(costOf(object, variant))
        const done = make(run, object, variant)
        done.then(resolve, error => {
          if (error instanceof CannotConvert && !(error instanceof NoConverter)) {
            if (failed.size >= maxFailed) failed.delete(failed.keys().next().value as string)
            failed.set(sourceOf(object, variant), { error, until: performance.now() + failedForMs })
          }
          reject(error)
        })
        return done.finally(() => works.delete(key))
      },
    }
  }

  return async (requester, object, variant) => {
    const key = object.object_name + variant.suffix
    const known = object.derived[variant.suffix] ?? recent.get(key)
    if (known !== undefined) return known
    const failure = failed.get(sourceOf(object, variant))
    if (failure !== undefined && performance.now() < failure.until) throw failure.error
    const { turn } = requester
    const signal = requester.signal()
    const work = works.get(key) ?? newWork(key, object, variant)
    works.set(key, work)
    work.waiting++
    const isPicture = variant.kind === 'picture' && !hasFrames(object.content_type)
    const gone = deferred<never>()
    const hangUp = () => gone.reject(new CannotConvert('whoever asked has gone'))
    signal.addEventListener('abort', hangUp)
    let leave: (() => void) | undefined
    try {
      const line = isPicture ? pictures : others
      const begin = () => work.begin(requester)
      if (ports.withoutLine) void begin()?.catch(() => undefined)
      else leave = line.enter({ turn, bytes: isPicture ? object.size : 0, begin })
      return await Promise.race([work.result, gone.promise])
    } finally {
      signal.removeEventListener('abort', hangUp)
      leave?.()
      work.waiting--
      if (work.waiting === 0 && !work.begun) works.delete(key)
    }
  }
}

/**
 * The key of a failed conversion. It leaves out the size, because another size of the same file fails as
 * well.
 */
const sourceOf = ({ object_name }: StoredObject, { kind }: Made): string => `${kind} ${object_name}`

/** The cost of a conversion, in requests. It grows with the bytes that are decoded. */
const costOf = ({ size, content_type }: StoredObject, { kind }: Made): number =>
  (kind === 'mp3' || hasFrames(content_type) ? 20 : 2) + Math.ceil(size / mebibyte)

function deferred<T>() {
  let resolve: (value: T) => void = () => undefined
  let reject: (error: unknown) => void = () => undefined
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

const streamOf = (bytes: Bytes): ByteStream => new Blob([bytes]).stream() as ByteStream
