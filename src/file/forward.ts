import * as z from 'zod'
import { objectState } from '../db/states.ts'
import { refuse } from '../operation/errors.ts'
import { operation, presented } from '../operation/operation.ts'
import { fileSignOf, grantOf, maxFileSignLength } from './file-sign.ts'
import { refusalOfHeld } from './hold.ts'
import { mayRead } from './may-read.ts'
import { insertGrant, objectByGrant } from './objects.ts'
import { destinationOf, receiver, refusalToSend } from './recipient.ts'
import { chatDownload } from './upload/present.ts'

export const forward = presented(
  operation({
    id: 'get__file_upload_forward',
    methods: ['GET'],
    path: '/file/upload/forward',
    title: 'Forward a chat file',
    description:
      'A new download URL of the same bytes for another receiver; nothing is copied. The caller must be allowed to read the source. It stays readable when the forwarder loses that right, until the source is revoked.',
    tag: 'file',
    self: true,
    writes: true,
    input: z.object({
      file_sign: z.string({ error: 'must be a string' }).max(maxFileSignLength, { error: 'is too long' }),
      ...receiver,
    }),
    answer: z.string(),
    reads: call => {
      const { app, caller, input } = call
      const grant_id = grantOf(app, input.file_sign)
      if (grant_id === undefined) return refuse('file_sign_invalid')
      return [objectByGrant({ app_id: app.app_id, grant_id, user_id: caller.user_id }), destinationOf(call)]
    },
    decide: ({ app, caller, input, now, newId }, [[source], [group]]) => {
      if (source === undefined || source.state === objectState.released)
        return refuse('shared_file_not_found', 'the file does not exist any more')
      if (!mayRead(caller, source)) return refuse('no_permission', 'the caller may not read this file')
      const refusal = refusalOfHeld(caller, source) ?? refusalToSend(input.to_type, group, now)
      if (refusal !== undefined) return refusal
      const grant = {
        grant_id: newId(),
        object_name: source.object_name,
        from_id: caller.user_id,
        to_type: input.to_type,
        to_id: input.to_id,
        source_grant_id: source.grant_id,
      }
      return { data: fileSignOf(app, grant), writes: [insertGrant({ ...grant, now })] }
    },
  }),
  z.string(),
  (file_sign, { baseUrl }) => baseUrl + chatDownload(file_sign),
)
