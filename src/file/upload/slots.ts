import * as z from 'zod'
import { groupOperation } from '../../group/group-operation.ts'
import { Refusal, refuse } from '../../operation/errors.ts'
import { id, integer } from '../../operation/fields.ts'
import { type Call, operation, presented } from '../../operation/operation.ts'
import { fileSignOf } from '../file-sign.ts'
import { avatarKind, insertGrant, insertObject, promisedTo } from '../objects.ts'
import { destinationOf, receiver, refusalToSend, toGroup } from '../recipient.ts'
import { chatDownload, presentUpload, promisedUpload, uploadTarget } from './present.ts'

const fileTypes = [100, 101, 102, 103, 104, 200, 201, 202, 203]
/** The wrong file_type that a client in the field sends for a shared plain file. */
const mistakenFileType = 99

const avatarDownload = (object_name: string): string =>
  `/file/download/avatar?object_name=${encodeURIComponent(object_name)}`

/** Upload URLs that were made before this time have expired; milliseconds since 1970. */
const expiredBefore = ({ app, now }: Pick<Call<unknown>, 'app' | 'now'>): number =>
  now - app.settings.upload_minutes * 60_000

const heldBy = (call: Call<unknown>) =>
  promisedTo({ app_id: call.app.app_id, user_id: call.caller.user_id, since: expiredBefore(call) })

interface Promising {
  readonly call: Pick<Call<unknown>, 'app' | 'caller' | 'now' | 'newId'>
  readonly user_id: number
  readonly kind: number
  readonly folder: 'avatar' | 'chat'
  readonly held: number
}

/** Promises a new object for an upload. Refuses if the user already holds too many unused upload URLs. */
function promise({ call, user_id, kind, folder, held }: Promising) {
  const { app, caller, now, newId } = call
  const { app_id } = app
  // An administrator who acts as nobody in particular is the app's own server.
  const most = caller.user_id === null ? Number.MAX_SAFE_INTEGER : app.settings.pending_uploads
  if (held >= most)
    return refuse(
      'storage_failed',
      'too many upload URLs are unused: upload to them, or wait until they expire',
    )
  const object_name = `${app_id}/${folder}/${newId().toString(36)}`
  return {
    object_name,
    write: insertObject({ object_name, app_id, user_id, kind, now, since: expiredBefore(call), most }),
  }
}

export const uploadUserAvatar = presented(
  operation({
    id: 'get__file_upload_avatar_user',
    methods: ['GET'],
    path: '/file/upload/avatar/user',
    title: "Get an upload URL for the caller's avatar",
    tag: 'file',
    self: true,
    writes: true,
    input: z.object({}),
    answer: promisedUpload,
    reads: call => [heldBy(call)],
    decide: (call, [[held]]) => {
      const user_id = call.caller.user_id
      const made = promise({
        call,
        user_id,
        kind: avatarKind.user,
        folder: 'avatar',
        held: held?.promised ?? 0,
      })
      if (made instanceof Refusal) return made
      return {
        data: { object_name: made.object_name, download: avatarDownload(made.object_name) },
        writes: [made.write],
      }
    },
  }),
  uploadTarget,
  presentUpload,
)

export const uploadGroupAvatar = presented(
  groupOperation({
    id: 'get__file_upload_avatar_group',
    methods: ['GET'],
    path: '/file/upload/avatar/group',
    title: 'Get an upload URL for the avatar of a group',
    description: 'Set its download_url as the avatar by /group/info/avatar when the bytes are there.',
    tag: 'file',
    requires: 'editor',
    writes: true,
    changesGroup: false,
    input: z.object({ group_id: id }),
    answer: promisedUpload,
    reads: call => [heldBy(call)],
    decide: (call, [[held]]) => {
      const made = promise({
        call,
        user_id: call.me.actor_id,
        kind: avatarKind.group,
        folder: 'avatar',
        held: held?.promised ?? 0,
      })
      if (made instanceof Refusal) return made
      return {
        data: {
          object_name: made.object_name,
          download: avatarDownload(made.object_name),
          group_id: call.group.group_id,
        },
        writes: [made.write],
      }
    },
  }),
  uploadTarget,
  presentUpload,
)

export const uploadChat = presented(
  operation({
    id: 'get__file_upload_chat',
    methods: ['GET'],
    path: '/file/upload/chat',
    title: 'Get an upload URL for a chat file or a shared file',
    description:
      'file_type 100 plain, 101 voice (AMR), 102 picture, 103 video, 104 voice (MP3); shared with a group: 200 plain, 201 voice, 202 picture, 203 video. Who is banned in the group may not.',
    tag: 'file',
    self: true,
    writes: true,
    input: z.object({
      file_type: integer(0, 999)
        .transform(type => (type === mistakenFileType ? 200 : type))
        .refine(type => fileTypes.includes(type), { error: `must be one of ${fileTypes.join(', ')}` })
        .meta({ type: 'integer' }),
      ...receiver,
    }),
    answer: promisedUpload,
    reads: call => [destinationOf(call), heldBy(call)],
    decide: (call, [[group], [held]]) => {
      const { app, caller, input, now, newId } = call
      const { file_type, to_type, to_id } = input
      if (file_type >= 200 && to_type !== toGroup)
        return refuse('invalid_parameter', 'to_type must be 2: file_type 200 to 203 is shared with a group')
      const refusal = refusalToSend(to_type, group, now)
      if (refusal !== undefined) return refusal
      const user_id = caller.user_id
      const made = promise({ call, user_id, kind: file_type, folder: 'chat', held: held?.promised ?? 0 })
      if (made instanceof Refusal) return made
      const grant_id = newId()
      return {
        data: {
          object_name: made.object_name,
          download: chatDownload(fileSignOf(app, { grant_id, from_id: user_id, to_type, to_id })),
          ...(to_type === toGroup && { group_id: to_id }),
        },
        writes: [
          made.write,
          insertGrant({
            grant_id,
            object_name: made.object_name,
            from_id: user_id,
            to_type,
            to_id,
            source_grant_id: 0,
            now,
          }),
        ],
      }
    },
  }),
  uploadTarget,
  presentUpload,
)
