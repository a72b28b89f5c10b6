import { IncomingMessage } from 'node:http'

/** Chunks of at least this many bytes are passed on unchanged. */
const minChunkBytes = 16 * 1024

/**
 * A request that joins the small chunks of its body, however the client cut them. Node passes on every chunk
 * of a chunked body alone: one read of the socket can give 10 000 chunks of one byte. Each chunk costs work
 * in streams and promises, and together they block the event loop for seconds. This class joins the small
 * chunks of one read into one.
 */
export class GatheringMessage extends IncomingMessage {
  private held: Uint8Array[] = []

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk instanceof Uint8Array && chunk.byteLength < minChunkBytes) {
      // Ticks and microtasks run between two chunks of one read. `setImmediate` runs after all of them.
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
