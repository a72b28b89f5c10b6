import { sign, verify } from '../../operation/sign.ts'
import type { App } from '../../tenant/app.ts'

/*
 * An upload URL of this service. It is bound to one object, a size limit and an expiry. The object's row
 * binds it to a user, a kind and a receiver, and makes it work only once.
 */

export interface UploadSlot {
  readonly object_name: string
  /** Bytes. */
  readonly maxSize: number
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  /** The group that the object is for. The sender's rights there are checked again when the bytes arrive. */
  readonly group_id?: number | undefined
}

export const uploadPath = '/file/upload/object'

export function writeSlot(app: App, { object_name, maxSize, expiresAt, group_id }: UploadSlot): string {
  const text = `${object_name}~${maxSize}~${expiresAt}${group_id === undefined ? '' : `~${group_id}`}`
  return `${text}~${sign(app, 'upload', text)}`
}

/**
 * The app that a slot claims to belong to: an object's name begins with its app. That app's key then tells
 * whether the claim is true.
 */
export const appIdOfSlot = (slot: string): string => slot.slice(0, slot.indexOf('/'))

/** The slot, or undefined if this app has not signed it. */
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
