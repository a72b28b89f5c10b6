import { type Outbound, OutboundError } from '../platform.ts'
import { type OutboundRules, refusalOfUrl } from './address.ts'

/**
 * Requests to URLs that tenants name, on Workers. A Worker has no inner network: the platform connects to public
 * addresses only, so the form of the URL is all there is to judge. Redirects are not followed.
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

/** At most so many bytes of the answer as text; the rest is not read. */
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
