import { run } from './process.ts'

/** Before any test: what ships is what is tested. */
export default async function build(): Promise<void> {
  for (const script of ['scripts/build.mjs', 'scripts/extract-wasm.mjs']) {
    const { code, stderr } = await run(['node', script])
    if (code !== 0) throw new Error(stderr)
  }
}
