import { once } from 'node:events'
import { createServer } from 'node:http'
import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose'

export interface SigningKey {
  /** undefined: its tokens do not name it. */
  readonly kid: string | undefined
  readonly alg: string
  readonly publicKey: CryptoKey
  readonly privateKey: CryptoKey
  /** As published. */
  readonly jwk: JWK
}

/** A key pair; `kid` is how a token names it. */
export async function newKey(alg: string, kid: string = alg): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, alg, publicKey, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

export const pemOf = ({ publicKey }: SigningKey): Promise<string> => exportSPKI(publicKey)

/** Signs a token with a private key, as an identity provider does. */
export const signWith = (
  { privateKey, alg, kid }: SigningKey,
  payload: Readonly<Record<string, unknown>>,
  header: { jwk?: JWK; jku?: string } = {},
): Promise<string> =>
  new SignJWT({ iat: Math.floor(Date.now() / 1000), ...payload })
    .setProtectedHeader({ alg, ...(kid !== undefined && { kid }), ...header })
    .sign(privateKey)

export interface JwksServer {
  readonly url: string
  /** Publishes these keys from now on; `anonymously`: without their ids. */
  publish(keys: readonly SigningKey[], anonymously?: 'anonymously'): void
  /** Answers this from now on, or breaks every connection off. */
  answer(text: string | 'nothing at all', status?: number): void
  /** How often it was asked. */
  asked(): number
  close(): Promise<void>
}

/** An identity provider on this machine: publishes the public halves of these keys. */
export async function jwksServer(keys: readonly SigningKey[]): Promise<JwksServer> {
  const textOf = (published: readonly SigningKey[], anonymously = false) =>
    JSON.stringify({
      keys: published.map(({ jwk: { kid, ...jwk } }) => (anonymously ? jwk : { ...jwk, kid })),
    })
  let text = textOf(keys)
  let status = 200
  let asked = 0
  const server = createServer((request, response) => {
    asked++
    if (text === 'nothing at all') request.socket.destroy()
    else response.writeHead(status, { 'content-type': 'application/json' }).end(text)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}/jwks.json`,
    publish(published, anonymously) {
      text = textOf(published, anonymously !== undefined)
      status = 200
    },
    answer(next, nextStatus = 200) {
      text = next
      status = nextStatus
    },
    asked: () => asked,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
