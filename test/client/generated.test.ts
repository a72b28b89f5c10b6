import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { clientModule } from '../../scripts/generate-client.ts'

describe('the client', () => {
  it('is made of the operations as they are (npm run generate:client)', () => {
    expect(readFileSync('src/client/operations.gen.ts', 'utf8')).toBe(clientModule())
  })

  it('is one file of at most 12 kB, compressed, that imports nothing', () => {
    const file = readFileSync('dist/client/client.js')
    const size = gzipSync(file, { level: 9 }).length
    console.info(`The client is ${size} bytes, compressed.`)
    expect(size).toBeLessThanOrEqual(12_000)
    expect(file.toString()).not.toMatch(/\b(import|require)\s*[({'"]/)
  })
})
