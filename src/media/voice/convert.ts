import type { Bytes } from '../../platform.ts'
import { decodeAmr } from './amr.ts'
import type { OpenAmrCodec } from './amr-codec.ts'
import { encodeMp3, type OpenMp3Encoder } from './mp3.ts'

/** How a home opens the decoder and the encoder. */
export interface VoiceCodecs {
  readonly openAmr: OpenAmrCodec
  readonly openMp3: OpenMp3Encoder
}

/**
 * AMR of either band as MP3, in about 2 ms for each second of speech, without a pause for anything else.
 * Throws `CannotConvert` for what `decodeAmr` refuses.
 */
export async function amrToMp3(amr: Uint8Array, { openAmr, openMp3 }: VoiceCodecs): Promise<Bytes> {
  return encodeMp3(await decodeAmr(amr, openAmr), openMp3)
}
