import * as z from 'zod'
import { fileHold, objectState } from '../db/states.ts'
import { giveBack, keyAside, putUnderQuarantine } from '../file/hold-file.ts'
import { removeFiles } from '../file/remove-files.ts'
import { Refusal } from '../operation/errors.ts'
import { text } from '../operation/fields.ts'
import { operation, type Presenting, presented } from '../operation/operation.ts'
import { existing, fileOfName, namedFile, nameSent, recordsOfName } from './named-file.ts'

/*
 * An administrator takes a file away from everybody, gives it back, or deletes it. `refusalOfHeld`
 * (file/hold.ts) keeps readers from a file that is under quarantine.
 */

const held = z.object({
  object_name: z.string(),
  quarantined: z.boolean().describe('whether it is under quarantine now'),
  reason: z.string(),
})

/** The answer, and whether the bytes of the file are known to be there. */
const decided = held.extend({ stored: z.boolean() })
type Held = z.infer<typeof held>

/**
 * Moves the bytes of a file to where presigned URLs do not reach, or back. Where that fails, the same call
 * again does it. Of a file that nobody has read yet no such URL was given out.
 */
async function moved(
  { stored, ...data }: z.infer<typeof decided>,
  { blobs }: Pick<Presenting, 'blobs'>,
): Promise<Held> {
  const { object_name, quarantined } = data
  const aside = keyAside(object_name)
  if (!quarantined) await blobs.move?.(aside, object_name)
  else if (stored) await blobs.move?.(object_name, aside)
  return data
}

const quarantine = operation({
  id: 'post__moderation_quarantine',
  methods: ['POST'],
  path: '/moderation/quarantine',
  title: 'Put a file under quarantine',
  description:
    'From then on nobody but administrators reads it, by whichever URL: downloads, thumbnails, covers and MP3s answer 403 with code 10032, it cannot be forwarded, and lists of shared files leave it out. Its sender is told the reason. Nothing changes if it is there already.',
  tag: 'administration',
  who: 'administrator',
  writes: true,
  input: z.object({
    ...namedFile,
    reason: text(256).default('').describe('why; shown to the sender of the file and to administrators'),
  }),
  answer: decided,
  reads: call => {
    const name = nameSent(call)
    return name instanceof Refusal ? name : [fileOfName(name)]
  },
  decide: ({ input, now }, [[found]]) => {
    const file = existing(found)
    if (file instanceof Refusal) return file
    const { object_name, hold } = file
    const data = { object_name, quarantined: true, stored: file.state === objectState.stored }
    if (hold === fileHold.quarantined) return { data: { ...data, reason: file.hold_reason } }
    const { reason } = input
    return {
      data: { ...data, reason },
      writes: [putUnderQuarantine(object_name, hold, reason, now)],
      events: [{ kind: 'file.quarantined', object_name, reason }],
    }
  },
})

export const quarantineFile = presented(quarantine, held, moved)

const release = operation({
  id: 'post__moderation_release',
  methods: ['POST'],
  path: '/moderation/release',
  title: 'Release a file from quarantine',
  description:
    'Whoever could read it before reads it again. Nothing changes if it is not under quarantine. It is not scanned again.',
  tag: 'administration',
  who: 'administrator',
  writes: true,
  input: z.object(namedFile),
  answer: decided,
  reads: call => {
    const name = nameSent(call)
    return name instanceof Refusal ? name : [fileOfName(name)]
  },
  decide: (_, [[found]]) => {
    const file = existing(found)
    if (file instanceof Refusal) return file
    const { object_name, hold } = file
    const data = { object_name, quarantined: false, reason: '', stored: true }
    if (hold !== fileHold.quarantined) return { data }
    return { data, writes: [giveBack(object_name, hold)], events: [{ kind: 'file.released', object_name }] }
  },
})

export const releaseFile = presented(release, held, moved)

export const deleteModerated = operation({
  id: 'post__moderation_delete',
  methods: ['POST'],
  path: '/moderation/delete',
  title: 'Delete a file for everybody',
  description:
    'Every download URL of it ends, forwards included, its records leave the shared files of groups, and its bytes go. Cannot be undone.',
  tag: 'administration',
  who: 'administrator',
  writes: true,
  input: z.object(namedFile),
  answer: z.object({ object_name: z.string() }),
  reads: call => {
    const name = nameSent(call)
    return name instanceof Refusal ? name : [fileOfName(name), recordsOfName(name)]
  },
  decide: (_, [[found], records]) => {
    const file = existing(found)
    if (file instanceof Refusal) return file
    const { object_name } = file
    return { data: { object_name }, ...removeFiles([object_name], records) }
  },
})
