import { type Bytes, NoConverter } from '../../platform.ts'
import { decodeAmr } from './amr.ts'
import type { OpenAmrCodec } from './amr-codec.ts'
import { encodeMp3, type OpenMp3Encoder } from './mp3.ts'
import { decodeOpus } from './opus.ts'
import type { OpenOpusDecoder } from './opus-codec.ts'
import { opusPackets } from './opus-packets.ts'

/** How each platform opens the decoders and the encoder. */
export interface VoiceCodecs {
  readonly openAmr: OpenAmrCodec
  readonly openOpus: OpenOpusDecoder
  readonly openMp3: OpenMp3Encoder
}

/** Containers that may hold Opus. */
const MAY_BE_OPUS = new Set(['audio/webm', 'audio/ogg', 'audio/matroska'])

/** Whether this sound is converted without another program. */
export const isConvertedHere = (sound: Uint8Array, contentType: string): boolean =>
  contentType.startsWith('audio/amr') || (MAY_BE_OPUS.has(contentType) && opusPackets(sound) !== undefined)

/**
 * Converts AMR of either band, and Opus, to MP3. It takes about 2 ms for each second of speech, and nothing
 * else runs on this thread meanwhile. Throws `CannotConvert` for sound that is broken, and `NoConverter` for
 * another kind.
 */
export async function voiceToMp3(
  sound: Uint8Array,
  contentType: string,
  codecs: VoiceCodecs,
): Promise<Bytes> {
  const { openAmr, openOpus, openMp3 } = codecs
  if (contentType.startsWith('audio/amr')) return encodeMp3(await decodeAmr(sound, openAmr), openMp3)
  const clip = MAY_BE_OPUS.has(contentType) ? opusPackets(sound) : undefined
  if (clip === undefined) throw new NoConverter('this server converts AMR and Opus voice alone')
  return encodeMp3(await decodeOpus(clip, openOpus), openMp3)
}
