import { HttpError } from '../../operation/errors.ts'

/** How many uploads of one user may run at the same time. */
const maxAtOnce = 8

export interface UploadsOfUser {
  /**
   * Runs an upload of this user. Throws `HttpError` 429 if the user already has `maxAtOnce` uploads running.
   */
  run<T>(user: string, upload: () => Promise<T>): Promise<T>
}

/** Counts the uploads under way of each user. */
export function uploadsOfUser(): UploadsOfUser {
  const underWay = new Map<string, number>()
  return {
    async run(user, upload) {
      const active = (underWay.get(user) ?? 0) + 1
      if (active > maxAtOnce) {
        throw new HttpError(429, `at most ${maxAtOnce} uploads at a time`, { 'retry-after': '1' })
      }
      underWay.set(user, active)
      try {
        return await upload()
      } finally {
        const left = (underWay.get(user) ?? 1) - 1
        if (left > 0) underWay.set(user, left)
        else underWay.delete(user)
      }
    },
  }
}
