import type { Bytes } from '../../platform.ts'
import { decodeAmr } from './amr.ts'
import type { OpenAmrCodec } from './amr-codec.ts'
import { encodeMp3, type OpenMp3Encoder } from './mp3.ts'

/** How each platform opens the decoder and the encoder. */
export interface VoiceCodecs {
  readonly openAmr: OpenAmrCodec
  readonly openMp3: OpenMp3Encoder
}

/**
 * Converts AMR of either band to MP3. It takes about 2 ms for each second of speech, and nothing else runs on
 * this thread meanwhile. Throws `CannotConvert` for what `decodeAmr` refuses.
 */
export async function amrToMp3(amr: Uint8Array, { openAmr, openMp3 }: VoiceCodecs): Promise<Bytes> {
  return encodeMp3(await decodeAmr(amr, openAmr), openMp3)
}
