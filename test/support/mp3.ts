const BITRATES = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
const RATES = new Map([
  [0, [11_025, 12_000, 8000]],
  [2, [22_050, 24_000, 16_000]],
])

/**
 * What an MP3 of MPEG 2 or 2.5 says of itself, from its first frame to its last. Throws where a frame should
 * start and does not.
 */
export function readMp3(file: Uint8Array): { seconds: number; sampleRate: number; channels: number } {
  let frames = 0
  let sampleRate = 0
  let channels = 0
  for (let at = 0; at < file.length; frames++) {
    const [first = 0, second = 0, third = 0, fourth = 0] = file.subarray(at, at + 4)
    const bitrate = BITRATES[third >> 4]
    sampleRate = RATES.get((second >> 3) & 3)?.[(third >> 2) & 3] ?? 0
    channels = fourth >> 6 === 3 ? 1 : 2
    if (first !== 0xff || (second & 0xe6) !== 0xe2 || !bitrate || !sampleRate)
      throw new Error(`no MP3 frame at byte ${at}`)
    at += Math.floor((72 * bitrate * 1000) / sampleRate) + ((third >> 1) & 1)
  }
  return { seconds: (frames * 576) / sampleRate, sampleRate, channels }
}
