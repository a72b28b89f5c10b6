import { spawn } from 'node:child_process'
import { once } from 'node:events'

/**
 * Has system calls of a running process fail or wait, as `inject` says in strace's words
 * (`fdatasync:error=EIO`), on these paths alone. Resolves when that is so; `end` makes an end of it.
 */
export async function injectFault(
  pid: number,
  inject: string,
  paths: readonly string[],
): Promise<{ end(): Promise<void> }> {
  const calls = inject.slice(0, inject.indexOf(':'))
  const onPaths = paths.flatMap(path => ['-P', path])
  const options = [
    '-f',
    '-o',
    '/dev/null',
    '-p',
    String(pid),
    '-e',
    `trace=${calls}`,
    '-e',
    `inject=${inject}`,
  ]
  const strace = spawn('strace', [...options, ...onPaths], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    strace.once('error', reject)
    strace.once('exit', () => reject(new Error(`strace ended: ${said}`)))
    strace.stderr.on('data', chunk => {
      said += chunk
      if (/attached/.test(said)) resolve()
    })
  })
  return {
    async end() {
      if (strace.exitCode !== null || strace.signalCode !== null) return
      const ended = once(strace, 'exit')
      strace.kill('SIGINT')
      await ended
    },
  }
}
