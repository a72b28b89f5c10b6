import { type Config, ConfigError } from '../../config.ts'
import type { Log, Outbound } from '../../platform.ts'
import { clamdScanner } from '../../scan/clamd.ts'
import { webhookScanner } from '../../scan/webhook-scanner.ts'
import type { Platform } from '../../service.ts'

/** The virus scanner, as the configuration names it. Throws `ConfigError` if its URL may not be called. */
export function scannerOf({ scan }: Config, outbound: Outbound): Platform['scanner'] {
  if (scan === undefined) return undefined
  const { onFailure } = scan
  if (scan.is === 'clamd') return { scanner: clamdScanner(scan.at), onFailure }
  const refusal = outbound.refusalOf(scan.url)
  if (refusal !== undefined) throw new ConfigError(`SCAN ${refusal}`)
  return { scanner: webhookScanner(scan, { outbound, clock: Date.now }), onFailure }
}

/**
 * Logs at the start that the scanner does not answer, so that the operator knows it before somebody uploads.
 * The service starts all the same, because the scanner may come back.
 */
export async function sayScannerTrouble(scanning: Platform['scanner'], log: Log): Promise<void> {
  try {
    await scanning?.scanner.probe()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    log.error({ event: 'scan', error: message })
    const files = scanning?.onFailure === 'allow' ? 'let through without a look' : 'refused'
    process.stderr.write(`The virus scanner does not work, and files are ${files}: ${message}\n`)
  }
}
