import * as z from 'zod'
import type { Route } from '../http/route.ts'
import { Refusal, refuse } from '../operation/errors.ts'
import { appIdOfTicket, readTicket, scanPath } from '../scan/scan-url.ts'
import { hostileHeaders } from './download/headers.ts'

/** The route at which a scanner behind a URL reads the file that it was asked about. */
export const scannedObject: Route = {
  id: 'get__file_scan_object',
  methods: ['GET'],
  path: scanPath,
  title: 'Read a file to scan it',
  description:
    'The URL that a virus scanner is given with its question (docs/moderation.md): good for five minutes.',
  tag: 'file',
  who: 'url',
  query: z.object({ ticket: z.string().describe('part of the URL') }),
  answers: {
    200: { description: 'The bytes', content: { 'application/octet-stream': 'bytes' } },
    206: { description: 'The range that was asked for', content: { 'application/octet-stream': 'bytes' } },
    304: { description: 'Not modified' },
    403: { description: '10030: the URL is invalid' },
    410: { description: '10031: the URL has expired; or the object storage has lost the file' },
    416: { description: 'The range is not within the file' },
    503: { description: 'The database or the object storage does not answer: try again' },
  },
  async handle(exchange) {
    const text = exchange.query.ticket ?? ''
    const app = await exchange.appNamed(appIdOfTicket(text))
    const ticket = app instanceof Refusal ? undefined : readTicket(app, text)
    if (ticket === undefined) return refuse('file_sign_invalid', 'the URL is invalid')
    const { clock, files } = exchange.service
    if (ticket.expiresAt <= clock()) return refuse('file_sign_expired', 'the URL has expired')
    const { object_name, size, etag } = ticket
    return exchange.bytes({
      size,
      etag,
      headers: {
        ...hostileHeaders,
        'cache-control': 'no-store',
        'content-type': 'application/octet-stream',
        'content-disposition': 'attachment',
      },
      // Not by the reader that keeps small files in memory: nobody may come back for this one.
      open: range => files.blobs.get(object_name, range, etag),
    })
  },
}
