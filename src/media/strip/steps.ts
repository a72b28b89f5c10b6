import type { ByteStream } from '../../platform.ts'
import { joinBytes } from '../boxes.ts'

/**
 * What a format wants of the next bytes of a file: to let some pass, or to get some, which it may change in
 * place. At the end of the file it gets fewer.
 */
export type Step = { readonly pass: number } | { readonly take: number }

/** Walks over a file from its start. When it returns, the rest of the file passes. */
export type Steps = Generator<Step, void, Uint8Array>

/** More than this is never held back, bytes. Longer parts of a file pass as they are. */
export const MAX_HELD_BYTES = 2 * 1024 * 1024

export function* take(bytes: number): Generator<Step, Uint8Array, Uint8Array> {
  return yield { take: Math.min(bytes, MAX_HELD_BYTES) }
}

export function* pass(bytes: number): Generator<Step, void, Uint8Array> {
  if (bytes > 0) yield { pass: bytes }
}

/**
 * The stream as the steps change it, of the same length. It holds back only what a step takes. `onChange` is
 * called when bytes have become others.
 */
export function changedBy(steps: Steps, stream: ByteStream, onChange?: () => void): ByteStream {
  const reader = stream.getReader()
  let step = steps.next()
  let passed = 0
  let held: Uint8Array<ArrayBuffer>[] = []
  let heldBytes = 0

  /** Ends the step, and answers the bytes that it held back. */
  const advance = (): Uint8Array<ArrayBuffer> => {
    const bytes = joinBytes(held)
    held = []
    heldBytes = 0
    passed = 0
    const before = onChange && bytes.slice()
    step = steps.next(bytes)
    if (before?.some((byte, i) => byte !== bytes[i])) onChange?.()
    return bytes
  }

  /** What can be sent on, now that this chunk has come. */
  const feed = (chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] => {
    const ready: Uint8Array<ArrayBuffer>[] = []
    for (let rest = chunk; rest.length > 0; ) {
      if (step.done) return [...ready, rest]
      const wanted = 'take' in step.value ? step.value.take - heldBytes : step.value.pass - passed
      const part = rest.subarray(0, wanted)
      rest = rest.subarray(part.length)
      if ('take' in step.value) {
        held.push(part)
        heldBytes += part.length
      } else {
        passed += part.length
        ready.push(part)
      }
      if (part.length === wanted) ready.push(advance())
    }
    return ready.filter(({ length }) => length > 0)
  }

  return new ReadableStream(
    {
      async pull(controller) {
        for (;;) {
          const { done, value } = await reader.read()
          const ready = done ? (heldBytes > 0 ? [advance()] : []) : feed(value)
          for (const bytes of ready) controller.enqueue(bytes)
          if (done) return controller.close()
          if (ready.length > 0) return
        }
      },
      cancel: reason => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
