import { runSuites } from '../suites/all.ts'
import { commandTarget } from '../support/command-target.ts'

runSuites(commandTarget('node', ['node', 'dist/cohort.js']))
