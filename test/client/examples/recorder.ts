import type { Method } from '../../../src/operation/operation.ts'
import { operations } from '../../../src/operations.ts'
import { routes } from '../../../src/routes.ts'
import type { Answer, Client } from '../../support/client.ts'

export type Input = Readonly<Record<string, unknown>>

export interface Recorded {
  readonly input: Input
  readonly answer?: unknown
}

const described: readonly {
  readonly id: string
  readonly methods: readonly Method[]
  readonly path: string
}[] = [...operations, ...routes]

/** Makes calls, and keeps the first of each operation with its answer. */
export class Recorder {
  readonly recorded = new Map<string, Recorded>()

  keep(name: string, input: Input, answer?: unknown): void {
    const id = this.describedBy(name).id
    if (!this.recorded.has(id)) this.recorded.set(id, { input, ...(answer !== undefined && { answer }) })
  }

  /**
   * `name` is the method and the path, as the operation declares them. Answers `data`; throws on an error.
   */
  // biome-ignore lint/suspicious/noExplicitAny: the story goes on with whatever was answered
  async call(caller: Client, name: string, input: Input = {}): Promise<any> {
    const { status, body } = await this.send(caller, name, input)
    if (status !== 200 || (body.code ?? 200) !== 200) throw new Error(`${name}: ${JSON.stringify(body)}`)
    this.keep(name, input, body)
    return body.data
  }

  private send(caller: Client, name: string, input: Input): Promise<Answer> {
    const { methods, path } = this.describedBy(name)
    const [method = 'GET'] = methods
    const rest = { ...input }
    const filled = path.replace(/:(\w+)/g, (_, parameter: string) => {
      const value = String(rest[parameter])
      delete rest[parameter]
      return value
    })
    return method === 'GET'
      ? caller.get(filled, rest as Record<string, string>)
      : caller.call(method, filled, { body: rest })
  }

  private describedBy(name: string) {
    const found = described.find(({ methods, path }) => `${methods[0]} ${path}` === name)
    if (found === undefined) throw new Error(`no operation or route is ${name}`)
    return found
  }
}
