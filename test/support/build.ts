import { run } from './process.ts'

/** Before any test: what ships is what is tested. */
export default async function build(): Promise<void> {
  const { code, stderr } = await run(['node', 'scripts/build.mjs'])
  if (code !== 0) throw new Error(stderr)
}
