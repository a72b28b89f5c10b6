/** How many bytes of a file one read takes. Each download under way holds so many. */
export const bufferBytes = 512 * 1024
/** Buffers that wait for the next answer: new memory costs more than reading a file into it. */
const spare: Buffer<ArrayBuffer>[] = []
const maxSpare = 16

/** A buffer of `bufferBytes`, whatever is in it. */
export const takeBuffer = (): Buffer<ArrayBuffer> => spare.pop() ?? Buffer.allocUnsafeSlow(bufferBytes)

/** Keeps the buffer for the next one who takes one. Nobody may read it any more, not even the system. */
export function giveBack(buffer: Buffer<ArrayBuffer>): void {
  if (spare.length < maxSpare) spare.push(buffer)
}
