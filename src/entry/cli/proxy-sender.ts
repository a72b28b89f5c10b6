import { lstat } from 'node:fs/promises'
import { relative, sep } from 'node:path'
import type { FileSender } from '../../http/service.ts'

/** Where the proxy has the objects: deploy/nginx.conf and deploy/Caddyfile name it, too. */
const location = '/cohort-files/'

/**
 * Leaves files to the proxy in front: X-Accel-Redirect names the file, and the proxy sends it. The proxy also
 * answers ranges and conditions, under an ETag of its own. So what is said here of the body is left out.
 */
export const proxySender = (objects: string): FileSender => ({
  sendsAll: true,
  async send(_, { path }, { headers }) {
    const stats = await lstat(path).catch(() => undefined)
    if (stats?.isFile() !== true) return undefined
    const { etag, 'accept-ranges': unit, 'content-length': length, 'content-range': range, ...kept } = headers
    const name = relative(objects, path).replaceAll(sep, '/')
    return new Response(null, { status: 200, headers: { ...kept, 'x-accel-redirect': location + name } })
  },
})
