import { lookup as resolve } from 'node:dns'
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import { type Outbound, type OutboundAnswer, OutboundError, type OutboundRequest } from '../platform.ts'
import { mayReach, type OutboundRules, refusalOfUrl } from './address.ts'

/** The most connections to one host. */
const maxSockets = 32

/**
 * Sends requests to URLs that apps name, on Node, Bun and Deno. The address is checked when the connection is
 * made. The certificate is checked against the name in the URL. Redirects are not followed.
 */
export function nodeOutbound(rules: OutboundRules, resolveName: typeof resolve = resolve): Outbound {
  const lookup: LookupFunction = (hostname, options, done) => {
    resolveName(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, '')
      const allowed = addresses.filter(({ address }) => mayReach(address, rules))
      const [first] = allowed
      if (first === undefined) return done(new Error('the name leads into a private or reserved network'), '')
      if (options.all === true) return done(null, allowed)
      done(null, first.address, first.family)
    })
  }
  const agents = {
    'https:': new HttpsAgent({ keepAlive: true, maxSockets }),
    'http:': new HttpAgent({ keepAlive: true, maxSockets }),
  }

  return {
    refusalOf: url => refusalOfUrl(url, rules),
    send(sent) {
      const refusal = refusalOfUrl(sent.url, rules)
      if (refusal !== undefined) return Promise.reject(new OutboundError(`the URL ${refusal}`))
      return send(sent, lookup, agents)
    },
    close() {
      for (const agent of Object.values(agents)) agent.destroy()
    },
  }
}

function send(
  { url, method, headers, body, timeoutMs, maxAnswerBytes }: OutboundRequest,
  lookup: LookupFunction,
  agents: Readonly<Record<'https:' | 'http:', HttpAgent>>,
): Promise<OutboundAnswer> {
  return new Promise((resolve, reject) => {
    const secure = new URL(url).protocol === 'https:'
    const options = { method, headers, lookup, agent: agents[secure ? 'https:' : 'http:'] }
    const sending = (secure ? requestHttps : requestHttp)(url, options)
    const fail = (error: unknown) => {
      clearTimeout(timer)
      sending.destroy()
      reject(new OutboundError(error instanceof Error ? error.message : String(error)))
    }
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs / 1000} s`), timeoutMs)
    sending.on('error', fail)
    sending.on('response', (answer: IncomingMessage) => {
      const chunks: Uint8Array[] = []
      let size = 0
      const finish = () => {
        clearTimeout(timer)
        const text = new TextDecoder().decode(Buffer.concat(chunks).subarray(0, maxAnswerBytes))
        resolve({
          status: answer.statusCode ?? 0,
          retryAfter: answer.headers['retry-after'],
          body: text,
        })
      }
      answer.on('error', fail)
      answer.on('data', (chunk: Uint8Array) => {
        chunks.push(chunk)
        size += chunk.byteLength
        if (size <= maxAnswerBytes) return
        // Nobody needs the rest of this answer. Closing the connection is cheaper than reading it.
        answer.removeAllListeners('end')
        sending.destroy()
        finish()
      })
      answer.on('end', finish)
    })
    sending.end(body)
  })
}
