import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { commandTarget } from './command-target.ts'
import { removeFolder, temporaryFolder } from './process.ts'
import { nodeProgram } from './programs.ts'
import type { Instance } from './target.ts'

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

/** What goes wrong in a page from now on: errors that its scripts throw, and those that Chromium reports. */
export function troublesOf(page: Page): string[] {
  const troubles: string[] = []
  page.on('console', message => {
    if (message.type() === 'error') troubles.push(message.text())
  })
  page.on('pageerror', error => troubles.push(error.message))
  return troubles
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

/**
 * For the tests of one `describe`: a service on Node, a web site of another origin, and Chromium. To be
 * called where the `describe` begins; its parts are there inside of tests and hooks.
 */
export function serviceAndSite() {
  let service: Instance
  let site: Awaited<ReturnType<typeof startSite>>
  let browser: Awaited<ReturnType<typeof openBrowser>>
  beforeAll(async () => {
    service = await commandTarget('node', nodeProgram).start()
    site = await startSite()
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser.close()
    await site.close()
    await service.stop()
  })
  return {
    get service() {
      return service
    },
    get site() {
      return site
    },
    get context() {
      return browser.context
    },
    /** A new page of that site, which is empty. */
    async openPage(): Promise<Page> {
      const page = await browser.context.newPage()
      await page.goto(site.url)
      return page
    },
  }
}
