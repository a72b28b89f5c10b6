import { commandTarget } from '../support/command-target.ts'
import { scansByWebhook } from './by-webhook.ts'

scansByWebhook(commandTarget('node', ['node', 'dist/cohort.js']))
