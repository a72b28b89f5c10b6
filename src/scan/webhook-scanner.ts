import * as z from 'zod'
import { type Clock, type Outbound, OutboundError, ScanError, type Scanner } from '../platform.ts'
import { signedHeaders } from '../webhook/signature.ts'

const scanTimeoutMs = 60_000
const maxAnswerBytes = 4096

const answerShape = z.union([
  z.object({ clean: z.literal(true) }),
  z.object({ clean: z.literal(false), found: z.string().max(200).default('') }),
])

interface Receiver {
  readonly url: string
  /** Signs the requests, as the secret of a webhook does: `whsec_…`. */
  readonly secret: string
}

/**
 * Has files looked at by somebody else's service. It gets a signed request that names the file and a URL at
 * which it reads the bytes (docs/moderation.md).
 */
export function webhookScanner(
  { url, secret }: Receiver,
  { outbound, clock }: { readonly outbound: Outbound; readonly clock: Clock },
): Scanner {
  const ask = async (type: string, data: Readonly<Record<string, unknown>>): Promise<string> => {
    const now = clock()
    const body = JSON.stringify({ type, timestamp: new Date(now).toISOString(), data })
    const headers = {
      'content-type': 'application/json',
      'content-length': String(new TextEncoder().encode(body).byteLength),
      'user-agent': 'Cohort-Webhook',
      ...signedHeaders([secret], `scan_${crypto.randomUUID()}`, now, body),
    }
    try {
      const answer = await outbound.send({
        url,
        method: 'POST',
        headers,
        body,
        timeoutMs: scanTimeoutMs,
        maxAnswerBytes,
      })
      if (answer.status === 413)
        throw new ScanError('the file is larger than the scanner takes', { tooLarge: true })
      if (answer.status < 200 || answer.status > 299)
        throw new ScanError(`the scanner answered ${answer.status}`)
      return answer.body
    } catch (error) {
      if (error instanceof OutboundError)
        throw new ScanError(`the scanner cannot be asked: ${error.message}`, { cause: error })
      throw error
    }
  }
  return {
    async scan({ app_id, object_name, size, content_type, url: at }) {
      const body = await ask('file.scan', { app_id, object_name, size, content_type, url: at() })
      const answer = answerShape.safeParse(jsonOf(body))
      if (!answer.success) throw new ScanError('the answer of the scanner is not {"clean": true} or false')
      return answer.data.clean ? undefined : answer.data.found || 'something'
    },
    async probe() {
      await ask('scan.ping', {})
    },
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
