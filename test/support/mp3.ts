const BITRATES = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
const SAMPLE_RATES = [44_100, 48_000, 32_000]
const SAMPLES_PER_FRAME = 1152

/**
 * What an MP3 of MPEG 1 says of itself, from its first frame to its last. Throws where a frame should start
 * and does not. `seconds` is what a player plays: without the tag's frame, and without what the tag says is
 * the encoder's own.
 */
export function readMp3(file: Uint8Array): { seconds: number; sampleRate: number; channels: number } {
  let samples = 0
  let sampleRate = 0
  let channels = 0
  for (let at = 0; at < file.length; ) {
    const [first = 0, second = 0, third = 0, fourth = 0] = file.subarray(at, at + 4)
    const bitrate = BITRATES[third >> 4]
    sampleRate = SAMPLE_RATES[(third >> 2) & 3] ?? 0
    channels = fourth >> 6 === 3 ? 1 : 2
    if (first !== 0xff || (second & 0xfe) !== 0xfa || !bitrate || !sampleRate)
      throw new Error(`no MP3 frame at byte ${at}`)
    const [high = 0, middle = 0, low = 0] = file.subarray(at + 58, at + 61)
    const isTag = new TextDecoder('latin1').decode(file.subarray(at + 21, at + 25)) === 'Info'
    samples += isTag ? -((high << 4) + (middle >> 4) + ((middle & 15) << 8) + low) : SAMPLES_PER_FRAME
    at += Math.floor((144 * bitrate * 1000) / sampleRate) + ((third >> 1) & 1)
  }
  return { seconds: samples / sampleRate, sampleRate, channels }
}
