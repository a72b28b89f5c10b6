import { type OpenApiDocument, pageDocument } from './page-document.ts'

/* The page /docs: Scalar's reference of this service's OpenAPI document. */

/** What Scalar's script, which is loaded before this one, makes global: of it what is used here. */
interface ScalarLike {
  createApiReference(place: string, configuration: Readonly<Record<string, unknown>>): void
}

const { Scalar } = globalThis as { readonly Scalar?: ScalarLike }
const place = document.querySelector('#docs')

/** Says in the page's place why there is no reference. */
function say(text: string): void {
  if (place !== null) place.textContent = text
}

async function start(): Promise<void> {
  const answer = await fetch('/openapi.json')
  const content = pageDocument((await answer.json()) as OpenApiDocument, globalThis.location.origin)
  Scalar?.createApiReference('#docs', {
    content,
    // Calls go straight to this service, and nothing else is asked for anything.
    proxyUrl: '',
    telemetry: false,
    withDefaultFonts: false,
    agent: { disabled: true },
    mcp: { disabled: true },
    showDeveloperTools: 'never',
    hideClientButton: true,
    theme: 'default',
    metaData: { title: 'Cohort API' },
    authentication: {
      preferredSecurityScheme: [['app', 'accessToken']],
      securitySchemes: { app: { value: 'demo' } },
    },
    defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
    hiddenClients: hidden,
  })
}

/**
 * Of the many languages of examples only those that a chat's servers and clients are likely to be written in.
 */
const hidden = ['c', 'clojure', 'fsharp', 'http', 'objc', 'ocaml', 'powershell', 'r']

if (Scalar === undefined) say('The reference could not be loaded. /openapi.json is the document itself.')
else start().catch(error => say(`The document could not be read: ${String(error)}`))
