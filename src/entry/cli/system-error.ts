/** An error of the operating system, as Node, Bun and Deno throw it. */
interface SystemError extends Error {
  readonly code: string
  readonly path?: string
  readonly dest?: string
  readonly port?: number
  readonly address?: string
}

const sentences: Readonly<Record<string, (error: SystemError) => string>> = {
  ENOENT: ({ path }) => `there is no ${path ?? 'such file'}`,
  ENOTDIR: ({ path }) => `${path ?? 'a part of the path'} is below something that is no folder`,
  EISDIR: ({ path }) => `${path ?? 'that'} is a folder, not a file`,
  EACCES: ({ path, port }) =>
    path === undefined && port !== undefined
      ? `port ${port} may not be listened on by this user: set PORT to one above 1023`
      : `this user may not use ${path ?? 'that file'}`,
  EPERM: ({ path }) => `this user may not use ${path ?? 'that file'}`,
  EROFS: ({ path }) => `${path ?? 'that file'} is on a file system that cannot be written to`,
  ENOSPC: ({ path }) => `the disk is full${path === undefined ? '' : `: ${path}`}`,
  EADDRINUSE: ({ port }) =>
    `port ${port ?? ''} is taken: another program listens there, or this service runs already; set PORT to another one`,
  EADDRNOTAVAIL: ({ address }) => `${address ?? 'the address'} is no address of this machine: set HOST`,
}

/**
 * One sentence for an error of the operating system, such as a port in use or a folder that cannot be made.
 * Answers undefined for every other error.
 */
export function systemErrorSentence(error: unknown): string | undefined {
  if (!isSystemError(error)) return undefined
  const sentence = sentences[error.code]
  return sentence === undefined ? error.message : sentence(error)
}

const isSystemError = (error: unknown): error is SystemError =>
  error instanceof Error && typeof (error as { code?: unknown }).code === 'string'
