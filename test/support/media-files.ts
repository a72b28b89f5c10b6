import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bytes } from '../../src/platform.ts'
import { removeFolder, run, temporaryFolder } from './process.ts'

/**
 * The file that ffmpeg writes with these options: its name says of which kind. Throws where there is no
 * ffmpeg.
 */
export async function ffmpegFile(name: string, options: readonly string[]): Promise<Bytes> {
  return made(name, path => ['ffmpeg', '-nostdin', '-loglevel', 'error', '-y', ...options, path])
}

/** A file that a program writes to the path it is given. */
export async function made(name: string, command: (path: string) => string[]): Promise<Bytes> {
  const folder = temporaryFolder()
  try {
    const path = join(folder, name)
    const { code, stderr } = await run(command(path))
    if (code !== 0) throw new Error(stderr)
    return new Uint8Array(readFileSync(path))
  } finally {
    await removeFolder(folder)
  }
}

/** Two seconds of a tone; the options that make ffmpeg encode it. */
export const SOUND = ['-f', 'lavfi', '-i', 'sine=d=2']

/** A red film. */
export const film = (seconds: number, size: string): string[] => [
  '-f',
  'lavfi',
  '-i',
  `color=0xc83232:size=${size}:rate=10:duration=${seconds}`,
]
