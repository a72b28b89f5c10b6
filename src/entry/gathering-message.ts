import { IncomingMessage } from 'node:http'

/** Chunks of this many bytes are handed on as they are. */
const decentChunk = 16 * 1024

/**
 * A request whose body comes in chunks of a decent size, however its sender cut it. Node hands on each chunk
 * of a chunked body by itself, 10 000 of one byte from a single read of the socket, and what they cost in
 * streams and promises keeps the event loop for seconds. Here the small chunks of one read become one.
 */
export class GatheringMessage extends IncomingMessage {
  private held: Uint8Array[] = []

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk instanceof Uint8Array && chunk.byteLength < decentChunk) {
      // Ticks and microtasks run between two chunks of one read; what is immediate runs behind all of them.
      if (this.held.length === 0) setImmediate(() => this.release())
      this.held.push(chunk)
      return true
    }
    this.release()
    return super.push(chunk, encoding)
  }

  private release(): void {
    if (this.held.length === 0) return
    const held = this.held
    this.held = []
    super.push(held.length === 1 ? held[0] : Buffer.concat(held))
  }
}
