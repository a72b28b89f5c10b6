import {
  type Bytes,
  CannotConvert,
  type Images,
  type MadePicture,
  type PictureRequest,
} from '../../platform.ts'
import { frameOf, frameReader } from './frames.ts'

/** A converter's answer for a picture: what it made, or the sentence of a `CannotConvert`. */
export type Answer = { readonly contentType: MadePicture['contentType'] } | { readonly refused: string }

/**
 * Runs in the converter's process. Pictures come in on the standard input, one after the other. Results go
 * out on the standard output.
 */
export function serveConversions(images: Images): void {
  const { stdin, stdout } = process
  const answer = async (content: Bytes, request: PictureRequest) => {
    try {
      const { bytes, contentType } = await images.resize(content, request)
      return frameOf({ contentType } satisfies Answer, bytes)
    } catch (error) {
      if (!(error instanceof CannotConvert)) throw error
      return frameOf({ refused: error.message } satisfies Answer, new Uint8Array())
    }
  }
  const read = frameReader(({ header, content }) => {
    // Any other error than a refusal ends this process. The service then answers the request and starts a new
    // converter.
    void answer(content, header as PictureRequest).then(parts => {
      for (const part of parts) stdout.write(part)
    })
  })
  stdin.on('data', (chunk: Uint8Array) => read(chunk))
  // The service has stopped, or has no more pictures.
  stdin.on('end', () => process.exit(0))
}
