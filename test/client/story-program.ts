import process from 'node:process'
import { tell } from './story.ts'

// Node, Bun and Deno: the stage is the first argument, what was seen is the output.
console.log(JSON.stringify(await tell(JSON.parse(process.argv[2] ?? ''))))
