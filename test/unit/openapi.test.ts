import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openApi } from '../../src/http/documentation/document.ts'
import { operations } from '../../src/operations.ts'
import { routes } from '../../src/routes.ts'
import type { OpenApi } from '../support/openapi.ts'
import { removeFolder, run, temporaryFolder } from '../support/process.ts'

describe('the OpenAPI document', () => {
  const folder = temporaryFolder()
  afterAll(() => removeFolder(folder))
  // The document is typed as JSON: what of it is looked at here is of this shape.
  const document = openApi(operations, routes, '1.0.0', 'https://chat.cohort.dev') as unknown as OpenApi
  const calls = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, call]) => ({ name: `${method} ${path}`, call })),
  )

  it("keeps to redocly's recommended rules, without a warning", async () => {
    const file = join(folder, 'openapi.json')
    writeFileSync(file, JSON.stringify(document))
    const { code, stdout, stderr } = await run(
      ['node_modules/.bin/redocly', 'lint', file, '--format=json', '--extends=recommended'],
      { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
    )
    const { totals, problems } = JSON.parse(stdout.slice(stdout.indexOf('{')))
    expect({ code, totals, problems, stderr: code === 0 ? '' : stderr }).toMatchObject({
      code: 0,
      totals: { errors: 0, warnings: 0, ignored: 0 },
    })
  })

  it('says of every parameter what it means', () => {
    const silent = calls.flatMap(({ name, call }) => [
      ...(call.parameters ?? [])
        .filter(({ description }) => description === undefined || description === '')
        .map(parameter => `${name}: ${parameter.name}`),
      ...Object.values(call.requestBody?.content ?? {}).flatMap(({ schema }) =>
        Object.entries((schema.properties ?? {}) as Record<string, { description?: string }>)
          .filter(([, { description }]) => description === undefined || description === '')
          .map(([field]) => `${name}: ${field}`),
      ),
    ])
    expect(silent).toEqual([])
  })

  it('has an example of what is sent and of what is answered, for every call that speaks JSON', () => {
    const unseen = calls.flatMap(({ name, call }) => {
      const { schema, ...sent } = call.requestBody?.content['application/json'] ?? { schema: {} }
      const answered = call.responses['200']?.content?.['application/json']
      return [
        ...(Object.keys((schema.properties ?? {}) as object).length > 0 && !('example' in sent)
          ? [`${name}: sent`]
          : []),
        ...(answered !== undefined && !('example' in answered) ? [`${name}: answered`] : []),
      ]
    })
    // The document itself is not an example of itself.
    expect(unseen).toEqual(['get /openapi.json: answered'])
  })

  it('says who may call, and what can go wrong', () => {
    for (const { name, call } of calls) {
      expect.soft(call, name).toMatchObject({ security: expect.any(Array), operationId: expect.any(String) })
      expect.soft(Object.keys(call.responses), name).toEqual(expect.arrayContaining(['429', '503']))
    }
  })
})
