import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type BrowserContext, chromium } from 'playwright-core'
import { removeFolder, temporaryFolder } from './process.ts'

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A fresh Chromium, as Debian has it. Throws where there is none. */
export async function openBrowser(): Promise<{ readonly context: BrowserContext; close(): Promise<void> }> {
  const folder = temporaryFolder()
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: '/usr/bin/chromium',
    args: flags,
  })
  return {
    context,
    async close() {
      await context.close()
      await removeFolder(folder)
    },
  }
}

/**
 * A web site of another origin, and another site altogether, than services on 127.0.0.1. It serves an empty
 * page, and counts who calls `/executed`.
 */
export async function startSite() {
  let executed = 0
  const pages = new Map<string, { readonly type: string; readonly bytes: Uint8Array }>()
  const server = createServer((request, response) => {
    if (request.url === '/executed') executed++
    const page = pages.get(request.url ?? '')
    response.writeHead(200, { 'content-type': page?.type ?? 'text/html', 'access-control-allow-origin': '*' })
    response.end(page?.bytes ?? '<!doctype html><title>A page of another origin</title>')
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    /** How often a script has called. */
    executed: () => executed,
    publish(path: string, type: string, bytes: Uint8Array): void {
      pages.set(path, { type, bytes })
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
