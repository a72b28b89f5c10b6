import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { WebhookError, webhooks } from '../../src/client/client.ts'

const secret = `whsec_${Buffer.from('a secret of twenty-four bytes').toString('base64')}`
const other = `whsec_${Buffer.from('another secret, not the same').toString('base64')}`
const body = JSON.stringify({
  type: 'group.created',
  timestamp: '2026-01-01T00:00:00Z',
  data: { group_id: 7 },
})

/** As Standard Webhooks says: HMAC-SHA-256 over `id.timestamp.body`. */
function signed(text: string, { by = secret, seconds = Math.floor(Date.now() / 1000) } = {}) {
  const key = Buffer.from(by.slice('whsec_'.length), 'base64')
  const signature = createHmac('sha256', key).update(`evt_1.${seconds}.${text}`).digest('base64')
  return {
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,bm90IHRoaXM= v1a,x v1,${signature}`,
  }
}

describe('webhooks.verify', () => {
  it('answers the event of a delivery that a secret signed', async () => {
    const headers = signed(body)
    const request = new Request('https://chat.example.org/hook', { method: 'POST', headers, body })
    expect(await webhooks.verify(request, [secret])).toEqual(JSON.parse(body))
    expect(await webhooks.verify({ headers, body }, [other, secret])).toEqual(JSON.parse(body))
  })

  it.each([
    ['another secret', { headers: signed(body, { by: other }), body }],
    ['another body', { headers: signed(body), body: body.replace('7', '8') }],
    ['an old delivery', { headers: signed(body, { seconds: Date.now() / 1000 - 301 }), body }],
    ['a time that is none', { headers: { ...signed(body), 'webhook-timestamp': 'x' }, body }],
    ['no signature', { headers: {}, body }],
    ['a signature that is no base64', { headers: { ...signed(body), 'webhook-signature': 'v1,*' }, body }],
  ])('refuses %s', async (_, delivery) => {
    await expect(webhooks.verify(delivery, [secret])).rejects.toBeInstanceOf(WebhookError)
  })
})
