import { once } from 'node:events'
import { createServer } from 'node:http'
import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose'

export interface SigningKey {
  readonly kid: string
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
    .setProtectedHeader({ alg, kid, ...header })
    .sign(privateKey)

export interface JwksServer {
  readonly url: string
  close(): Promise<void>
}

/** An identity provider on this machine: publishes the public halves of these keys. */
export async function jwksServer(keys: readonly SigningKey[]): Promise<JwksServer> {
  const server = createServer((_, response) => {
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ keys: keys.map(key => key.jwk) }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}/jwks.json`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
