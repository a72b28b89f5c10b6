import type { Bytes } from '../../platform.ts'
import { AMR_SAMPLE_RATE, decodeAmr } from './amr.ts'
import { encodeMp3, type OpenMp3Encoder } from './mp3.ts'

/**
 * A narrow-band AMR file as MP3, in about 2 ms for each second of speech, without a pause for anything else.
 * Throws `CannotConvert` for what `decodeAmr` refuses.
 */
export async function amrToMp3(amr: Uint8Array, openEncoder: OpenMp3Encoder): Promise<Bytes> {
  return encodeMp3(decodeAmr(amr), AMR_SAMPLE_RATE, openEncoder)
}
