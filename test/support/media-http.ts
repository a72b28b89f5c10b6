import {
  type Bytes,
  CannotConvert,
  type Images,
  type MadePicture,
  type PictureRequest,
  type Voice,
} from '../../src/platform.ts'

/** The media ports over HTTP, so that one contract runs against adapters that live in another runtime. */
export interface Media {
  readonly images: Images
  readonly voice: Voice
}

export function serveMedia({ images, voice }: Media): (request: Request) => Promise<Response> {
  return async request => {
    const { pathname, searchParams } = new URL(request.url)
    const file = new Uint8Array(await request.arrayBuffer())
    try {
      if (pathname === '/voice')
        return new Response(await voice.toMp3(file, searchParams.get('type') ?? ''), {
          headers: { 'content-type': 'audio/mpeg' },
        })
      const fit = searchParams.get('fit') === 'cover' ? 'cover' : 'inside'
      const size = { width: Number(searchParams.get('width')), height: Number(searchParams.get('height')) }
      const made = await images.resize(file, {
        fit,
        ...size,
        ...(searchParams.has('format') && { format: 'jpeg' }),
      })
      return new Response(made.bytes, { headers: { 'content-type': made.contentType } })
    } catch (error) {
      if (error instanceof CannotConvert) return new Response(error.message, { status: 409 })
      return new Response(String(error), { status: 500 })
    }
  }
}

/** `send` posts to a path of a `serveMedia`. */
export function remoteMedia(
  send: (path: string, body: Bytes) => Promise<{ status: number; type: string; bytes: Bytes }>,
): Media {
  const ask = async (path: string, body: Bytes) => {
    const answer = await send(path, body)
    if (answer.status === 200) return answer
    const sentence = new TextDecoder().decode(answer.bytes)
    throw answer.status === 409 ? new CannotConvert(sentence) : new Error(sentence)
  }
  return {
    images: {
      async resize(picture: Bytes, { fit, width, height, format }: PictureRequest): Promise<MadePicture> {
        const { bytes, type } = await ask(
          `/images?fit=${fit}&width=${width}&height=${height}${format ? '&format=jpeg' : ''}`,
          picture,
        )
        return { bytes, contentType: type as MadePicture['contentType'] }
      },
    },
    voice: { toMp3: async (sound, type) => (await ask(`/voice?type=${type}`, sound)).bytes },
  }
}
