import { sign, verify } from '../../operation/sign.ts'
import type { App } from '../../tenant/app.ts'

/*
 * An upload URL of this service: bound to one object (and by its row to a user, a kind and a receiver), a
 * size limit and an expiry. That it works once is the row's doing.
 */

export interface UploadSlot {
  readonly object_name: string
  /** Bytes. */
  readonly maxSize: number
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  /** The group that it is for, to judge its sender's rights there when the bytes arrive. */
  readonly group_id?: number | undefined
}

export const uploadPath = '/file/upload/object'

export function writeSlot(app: App, { object_name, maxSize, expiresAt, group_id }: UploadSlot): string {
  const text = `${object_name}~${maxSize}~${expiresAt}${group_id === undefined ? '' : `~${group_id}`}`
  return `${text}~${sign(app, 'upload', text)}`
}

/**
 * The app that a slot claims to be of, to look up the key that says whether it is: an object's name begins
 * with its app.
 */
export const appIdOfSlot = (slot: string): string => slot.slice(0, slot.indexOf('/'))

/** The slot, or undefined if it was not signed for this app. */
export function readSlot(app: App, slot: string): UploadSlot | undefined {
  const [, text, object_name, maxSize, expiresAt, group_id, signature] =
    /^(([\w/.-]{1,512})~(\d{1,16})~(\d{1,16})(?:~(\d{1,16}))?)~([\w.-]{1,128})$/.exec(slot) ?? []
  if (
    text === undefined ||
    object_name === undefined ||
    signature === undefined ||
    !verify(app, 'upload', text, signature)
  )
    return undefined
  return {
    object_name,
    maxSize: Number(maxSize),
    expiresAt: Number(expiresAt),
    group_id: group_id === undefined ? undefined : Number(group_id),
  }
}
