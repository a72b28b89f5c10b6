/*
 * The OpenAPI document as the page shows it: each operation once, and what is said once for all calls only
 * once.
 */

interface Parameter {
  readonly name: string
  readonly in: string
}

interface Call {
  readonly summary?: string
  readonly parameters?: readonly Parameter[]
}

export interface OpenApiDocument {
  readonly info: { readonly description: string }
  readonly servers: readonly { readonly url: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Call>>>>
}

/** Headers that the section of the credentials fills in. */
const credentials = ['app_id', 'access-token']

const isCredential = ({ in: place, name }: Parameter): boolean =>
  place === 'header' && credentials.includes(name)

const withoutCredentials = (call: Call): Call => ({
  ...call,
  parameters: call.parameters?.filter(parameter => !isCredential(parameter)) ?? [],
})

/** The address of a service on one's own machine, which lines to paste have. */
const ownMachine = 'http://127.0.0.1:8787'

/**
 * Without the second and third method of an operation, and without the headers that the credentials are sent
 * in. Lines to paste have the address at which this page is.
 */
export function pageDocument(document: OpenApiDocument, origin: string): OpenApiDocument {
  const paths = Object.entries(document.paths).map(([path, calls]) => {
    const entries = Object.entries(calls)
    const first = (call: Call) => entries.find(([, other]) => other.summary === call.summary)?.[1]
    const shown = entries.filter(([, call]) => first(call) === call)
    return [path, Object.fromEntries(shown.map(([method, call]) => [method, withoutCredentials(call)]))]
  })
  const description = document.info.description.replaceAll(ownMachine, origin)
  return {
    ...document,
    info: { ...document.info, description },
    servers: document.servers.map(server => ({ ...server, url: server.url === '/' ? origin : server.url })),
    paths: Object.fromEntries(paths),
  }
}
