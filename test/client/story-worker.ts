import { tell } from './story.ts'

/** A Worker that tells the story to whoever posts the stage. */
export default {
  async fetch(request: Request): Promise<Response> {
    return Response.json(await tell(await request.json()))
  },
}
