import * as z from 'zod'
import { objectState } from '../db/states.ts'
import { done } from '../group/answers.ts'
import { refuse } from '../operation/errors.ts'
import { operation } from '../operation/operation.ts'
import { role } from '../operation/roles.ts'
import { endAllOf, endSentTo } from './end-grants.ts'
import { grantOf, maxFileSignLength } from './file-sign.ts'
import { objectByGrant } from './objects.ts'
import { toGroup } from './recipient.ts'

export const revokeFile = operation({
  id: 'post__file_revoke',
  methods: ['POST'],
  path: '/file/revoke',
  title: 'End the grants of a chat file',
  description:
    'Whoever sent the original ends every download URL of it, forwards included, and its bytes go. An admin of the group that the URL was made for ends those made for the group, and what was forwarded from them.',
  tag: 'file',
  writes: true,
  input: z.object({
    file_sign: z.string({ error: 'must be a string' }).max(maxFileSignLength, { error: 'is too long' }),
  }),
  answer: done,
  reads: ({ app, caller, input }) => {
    const grant_id = grantOf(app, input.file_sign)
    if (grant_id === undefined) return refuse('file_sign_invalid')
    return [objectByGrant({ app_id: app.app_id, grant_id, user_id: caller.user_id })]
  },
  decide: ({ caller }, [[file]]) => {
    if (file === undefined || file.state === objectState.released)
      return refuse('shared_file_not_found', 'the file does not exist any more')
    const { object_name, owner_id, to_type, to_id } = file
    const isServer = caller.user_id === null && caller.only_group === null
    if (isServer || owner_id === caller.user_id) return { data: true, writes: endAllOf([object_name]) }
    const mayEndHere =
      to_type === toGroup &&
      file.status === 0 &&
      (caller.only_group ?? to_id) === to_id &&
      (file.role ?? 0) >= role.admin
    if (!mayEndHere)
      return refuse('no_permission', 'only its sender or an admin of the group may revoke this file')
    return { data: true, writes: endSentTo(object_name, to_id) }
  },
})
