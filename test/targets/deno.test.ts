import { scansByClamd } from '../scan/by-clamd.ts'
import { runSuites } from '../suites/all.ts'
import { commandTarget } from '../support/command-target.ts'

const permissions = ['net', 'env', 'read', 'write', 'sys', 'ffi', 'run'].map(name => `--allow-${name}`)

const target = commandTarget('deno', ['node_modules/.bin/deno', 'run', ...permissions, 'src/entry/deno.ts'])
runSuites(target)
scansByClamd(target)
