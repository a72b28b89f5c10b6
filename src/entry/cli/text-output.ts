import { open } from 'node:fs/promises'

/** How many characters are written at a time. */
const portionCharacters = 256 * 1024

/** Writes a long text to a file. */
export async function writeTo(file: string, text: Iterable<string>): Promise<void> {
  const handle = await open(file, 'w')
  try {
    for (const part of inPortions(text)) await handle.writeFile(part)
  } finally {
    await handle.close()
  }
}

/** Writes to standard output, no faster than the reader takes it. Throws if the reader has closed it. */
export async function writeOut(text: Iterable<string>): Promise<void> {
  // Each write reports its own failure, so this event needs no handling.
  process.stdout.on('error', () => {})
  for (const part of inPortions(text)) {
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(part, error => (error ? reject(error) : resolve()))
    })
  }
}

function* inPortions(text: Iterable<string>): Generator<string> {
  let pending = ''
  for (const part of text) {
    pending += part
    if (pending.length < portionCharacters) continue
    yield pending
    pending = ''
  }
  if (pending !== '') yield pending
}
