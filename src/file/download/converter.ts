import type { DerivedObject } from '../../db/schema.ts'
import type { Metrics } from '../../metrics.ts'
import type { RunTask } from '../../operation/task.ts'
import type { ByteStream, Bytes } from '../../platform.ts'
import type { StoredObject } from '../objects.ts'
import { remember } from '../upload/object-life.ts'
import { type Converters, derive, mostDerived } from './derive.ts'
import type { Variant } from './variant.ts'

type Made = Exclude<Variant, { kind: 'original' }>

/**
 * What was made: it lies beside the object in the store, or comes along as `bytes` where enough lies there
 * already.
 */
export interface Converted extends DerivedObject {
  readonly bytes?: Bytes
}

/** Throws `CannotConvert`. */
export type Converter = (run: RunTask, object: StoredObject, variant: Made) => Promise<Converted>

/**
 * Makes each thing once: kept in the store, and while it is being made, everybody who asks waits for the same
 * work.
 */
export function converter(ports: Converters, metrics: Pick<Metrics, 'add'>): Converter {
  const { blobs } = ports
  const underWay = new Map<string, Promise<Converted>>()

  const make = async (run: RunTask, object: StoredObject, variant: Made): Promise<Converted> => {
    const { bytes, contentType } = await derive(ports, object, variant)
    metrics.add('cohort_conversions_total')
    const size = bytes.byteLength
    const made = { content_type: contentType, size }
    if (Object.keys(object.derived).length >= mostDerived) return { ...made, bytes }
    const key = object.object_name + variant.suffix
    // Two processes may make the same; whichever is stored first stays.
    if ((await blobs.head(key)) === undefined) await blobs.put(key, streamOf(bytes), { size, contentType })
    await run(remember(object.object_name, variant.suffix, contentType, size))
    return made
  }

  return (run, object, variant) => {
    const known = object.derived[variant.suffix]
    if (known !== undefined) return Promise.resolve(known)
    const key = object.object_name + variant.suffix
    let working = underWay.get(key)
    if (working === undefined) {
      working = make(run, object, variant).finally(() => underWay.delete(key))
      underWay.set(key, working)
    }
    return working
  }
}

const streamOf = (bytes: Bytes): ByteStream => new Blob([bytes]).stream() as ByteStream
