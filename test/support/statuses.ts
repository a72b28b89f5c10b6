import { expect } from 'vitest'
import type { Answer } from './client.ts'

export const mebibyte = 1024 * 1024
/** JSON of exactly so many bytes. */
export const padded = (value: object, size: number): string => JSON.stringify(value).padEnd(size, ' ')

/** An error of HTTP: the status is also the code of the envelope. */
export function expectStatus(answer: Answer, status: number): void {
  expect({ status: answer.status, code: answer.code, data: answer.data }).toEqual({
    status,
    code: status,
    data: null,
  })
  expect(answer.message).toMatch(/\w/)
  expect(JSON.stringify(answer.body)).not.toMatch(/\.ts|\.js|node_modules|SELECT|\bat .+:\d+/)
  expect(answer.headers.get('x-request-id')).toMatch(/\S/)
}

/**
 * For a body that is refused before it is read: a server may then cut the connection, on which no other
 * request should wait.
 */
export const lastOfConnection = { connection: 'close' }
