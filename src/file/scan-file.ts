import { sql } from 'drizzle-orm'
import { command } from '../db/query.ts'
import { fileHold, objectState } from '../db/states.ts'
import { Refusal } from '../operation/errors.ts'
import type { Task } from '../operation/executor.ts'
import { type RunTask, task } from '../operation/task.ts'
import type { BlobStore } from '../platform.ts'
import type { Scanning, ScanResult } from '../scan/scanning.ts'
import type { App } from '../tenant/app.ts'
import { giveBack, putUnderQuarantine } from './hold-file.ts'
import { objectByName, type StoredObject } from './objects.ts'

/*
 * What becomes of a file that the virus scanner has looked at. A file that came straight to the store is held
 * as unscanned until then. A file that came through this service is looked at before it is recorded.
 */

/** Why a file is under quarantine, as its sender and administrators read it; undefined: it is not. */
export function reasonOf(result: ScanResult): string | undefined {
  if (result.is === 'found') return `the virus scanner found ${result.name}`.slice(0, 256)
  if (result.is === 'unscanned' && result.tooLarge) return 'it is too large for the virus scanner'
  return undefined
}

/** Records what the scanner said of an unscanned file. Answers the file as it is then. */
const settle = (object_name: string, etag: string, result: ScanResult): Task<StoredObject | undefined> =>
  task({
    reads: ({ app: { app_id } }) => [objectByName({ app_id, object_name })],
    decide: ({ now }, [[object]]) => {
      const isWaiting = object?.state === objectState.stored && object.hold === fileHold.unscanned
      if (!isWaiting || object.etag !== etag) return { data: object }
      const { hold } = object
      const reason = reasonOf(result)
      if (reason !== undefined) {
        return {
          data: { ...object, hold: fileHold.quarantined, hold_reason: reason },
          writes: [putUnderQuarantine(object_name, hold, reason, now)],
          events: [{ kind: 'file.quarantined', object_name, reason }],
        }
      }
      if (result.is !== 'clean') return { data: object }
      return { data: { ...object, hold: fileHold.none }, writes: [giveBack(object_name, hold)] }
    },
  })

/**
 * Has an unscanned file looked at. Answers the file as it is then: it may still be unscanned if the scanner
 * failed. `scanning` undefined: there is no scanner any more, and the file is given back.
 */
export async function scanFile(
  scanning: Scanning | undefined,
  app: App,
  run: RunTask,
  object: StoredObject,
): Promise<StoredObject> {
  const result: ScanResult = scanning === undefined ? { is: 'clean' } : await scanning.look(app, object)
  const settled = await run(settle(object.object_name, object.etag, result))
  return settled instanceof Refusal || settled === undefined ? object : settled
}

const setUnscanned = command<{ object_name: string; seen: string; etag: string }>()(
  p => sql`UPDATE objects SET hold = CASE WHEN etag = ${p.seen} THEN ${fileHold.unscanned} END, etag = ${p.etag}
    WHERE object_name = ${p.object_name}`,
)

/**
 * Has bytes looked at again that are not the ones that were looked at: the bucket was copied, or somebody has
 * used an upload URL twice. Bytes of another size are lost.
 */
export async function scanAgain(
  blobs: BlobStore,
  run: RunTask,
  { object_name, etag, size }: StoredObject,
): Promise<void> {
  const there = await blobs.head(object_name)
  if (there === undefined || there.size !== size || there.etag === etag) return
  await run(
    task({
      reads: ({ app: { app_id } }) => [objectByName({ app_id, object_name })],
      decide: (_, [[object]]) => {
        const isSame = object?.state === objectState.stored && object.etag === etag
        if (!isSame || object.hold !== fileHold.none) return { data: null }
        return { data: null, writes: [setUnscanned({ object_name, seen: etag, etag: there.etag })] }
      },
    }),
  )
}
