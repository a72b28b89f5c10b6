import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'

/**
 * Starts another program. Only this function may start one, and only `killRunning` may kill it: on Deno,
 * everything else can kill a stranger. When Deno ends, it signals the number of every child that it ever
 * started, also of those that ended long ago. By then the system may have given that number to another
 * program of this machine. Deno leaves a child alone that is detached, so all of them are. A child that reads
 * from or writes to a pipe of the service ends with it all the same.
 */
export function spawnChild(
  [program = '', ...args]: readonly string[],
  options: Pick<SpawnOptions, 'env' | 'stdio'>,
): ChildProcess {
  return spawn(program, args, { ...options, detached: true })
}

/** Kills a child at once, if it still runs. */
export function killRunning(child: ChildProcess): void {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
}
