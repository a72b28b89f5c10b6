import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Writes a file that is built, `path` being a path or a file: URL. A build may run beside programs that read
 * these files: `npm run cohort` builds beside a running service. So a file is replaced as a whole, and one
 * that is already the same stays as it is. `mode` is for new files.
 */
export function writeWhole(path, content, mode = 0o644) {
  const file = path instanceof URL ? fileURLToPath(path) : path
  const bytes = Buffer.from(content)
  if (contentOf(file)?.equals(bytes)) return
  mkdirSync(dirname(file), { recursive: true })
  const unfinished = `${file}.${process.pid}`
  writeFileSync(unfinished, bytes, { mode })
  renameSync(unfinished, file)
}

function contentOf(file) {
  try {
    return readFileSync(file)
  } catch {
    return undefined
  }
}
