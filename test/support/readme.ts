import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What stands in a Markdown file in blocks of this language, between a heading and another text. */
export function blocksOf(file: string, language: string, from: string, to: string): string[] {
  const text = readFileSync(`${root}/${file}`, 'utf8')
  const start = text.indexOf(from)
  const end = text.indexOf(to, start + from.length)
  if (start < 0 || end < 0) throw new Error(`${file} has no "${from}" before "${to}"`)
  const blocks = text.slice(start, end).matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm'))
  return [...blocks].map(([, block = '']) => block)
}
