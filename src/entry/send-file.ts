import type { FileHandle } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { openFile } from '../blobs/folder.ts'
import type { FileSender } from '../http/service.ts'
import type { ByteRange } from '../platform.ts'
import { bufferBytes, giveBack, takeBuffer } from './spare-buffers.ts'

/**
 * Sends files on Node, past the web streams. A file goes through one buffer, which is read into again when
 * the client has taken what was in it.
 */
export const nodeSender: FileSender = {
  sendsAll: false,
  async send({ env }, { path, range }, { status, headers }) {
    const opened = await openFile(path)
    if (opened === undefined) return undefined
    const { outgoing } = env as { readonly outgoing: ServerResponse }
    outgoing.writeHead(status, headers)
    sendAll(opened.file, range, outgoing)
      .catch(() => outgoing.destroy())
      .finally(() => opened.file.close())
      .catch(() => undefined)
    return RESPONSE_ALREADY_SENT
  },
}

/** Throws if the file is too short, cannot be read, or the client has gone. */
async function sendAll(file: FileHandle, { start, end }: ByteRange, outgoing: ServerResponse): Promise<void> {
  const buffer = takeBuffer()
  for (let at = start; at <= end; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(bufferBytes, end + 1 - at), at)
    if (bytesRead === 0) throw new Error('the file is shorter than it was')
    at += bytesRead
    await taken(outgoing, buffer.subarray(0, bytesRead), at > end)
  }
  // After a failure the system may still read from the buffer, so it is not used again.
  giveBack(buffer)
}

/** Sends the bytes and waits until they are no longer needed. Rejects when the client has gone. */
const taken = (outgoing: ServerResponse, bytes: Uint8Array, isLast: boolean): Promise<void> =>
  new Promise((resolve, reject) => {
    const done = (error?: Error | null) => {
      outgoing.off('close', gone)
      if (error) reject(error)
      else resolve()
    }
    const gone = () => done(new Error('the client has gone'))
    if (outgoing.destroyed) return gone()
    outgoing.once('close', gone)
    outgoing.write(bytes, done)
    if (isLast) outgoing.end()
  })
