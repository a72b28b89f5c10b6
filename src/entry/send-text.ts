import type { ServerResponse } from 'node:http'
import type { TextSender } from '../http/outbox.ts'
import type { Bytes } from '../platform.ts'
import { bufferBytes, giveBack, takeBuffer } from './spare-buffers.ts'

const encoder = new TextEncoder()

/** Gives back the buffer of these bytes, if they are in one. */
function release({ buffer, byteOffset }: Bytes): void {
  if (buffer.byteLength === bufferBytes && byteOffset === 0) giveBack(Buffer.from(buffer))
}

/** Sends large texts on Node: whole, from one of the buffers that are also used for files. */
export const nodeTextSender: TextSender = {
  encode(text) {
    if (text.length > bufferBytes) return encoder.encode(text)
    const buffer = takeBuffer()
    const { read, written } = encoder.encodeInto(text, buffer)
    if (read === text.length) return buffer.subarray(0, written)
    giveBack(buffer)
    return encoder.encode(text)
  },
  release,
  follow({ env }, bytes, stallMs, taken) {
    const { outgoing } = env as { readonly outgoing: ServerResponse }
    const closed = () => {
      taken()
      // After a failure the system may still read from the buffer, so it is not used again.
      if (outgoing.writableFinished) release(bytes)
    }
    if (outgoing.destroyed) return closed()
    outgoing.once('close', closed)
    // The server closes a connection whose time is over. Bytes that the client takes begin the time anew.
    outgoing.setTimeout(stallMs)
  },
}
