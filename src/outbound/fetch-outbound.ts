import { type Outbound, OutboundError } from '../platform.ts'
import { type OutboundRules, refusalOfUrl } from './address.ts'

/**
 * Sends requests to URLs that apps name, on Workers. The platform connects only to public addresses, so only
 * the form of the URL is checked. Redirects are not followed.
 */
export function fetchOutbound(rules: OutboundRules): Outbound {
  return {
    refusalOf: url => refusalOfUrl(url, rules),
    async send({ url, method, headers, body, timeoutMs, maxAnswerBytes }) {
      const refusal = refusalOfUrl(url, rules)
      if (refusal !== undefined) throw new OutboundError(`the URL ${refusal}`)
      try {
        const response = await fetch(url, {
          method,
          headers,
          body,
          redirect: 'manual',
          signal: AbortSignal.timeout(timeoutMs),
        })
        return {
          status: response.status,
          retryAfter: response.headers.get('retry-after') ?? undefined,
          body: await beginning(response, maxAnswerBytes),
        }
      } catch (error) {
        throw new OutboundError(error instanceof Error ? error.message : String(error))
      }
    },
    close() {},
  }
}

/** The first `maxBytes` of the answer, as text. The rest is not read. */
async function beginning({ body }: Response, maxBytes: number): Promise<string> {
  if (body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of body) {
    text += decoder.decode(chunk.subarray(0, maxBytes - size), { stream: true })
    size += chunk.byteLength
    if (size >= maxBytes) break
  }
  return text
}
