import { commandTarget } from '../support/command-target.ts'
import { runSuites } from '../suites/all.ts'

runSuites(commandTarget('node', ['node', 'dist/cohort.js']))
