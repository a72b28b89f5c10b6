import { describe } from 'vitest'
import type { Instance } from '../support/target.ts'
import type { Suite } from './all.ts'
import { applicationRules } from './rules/applications.ts'
import { appRules } from './rules/apps.ts'
import { banRules } from './rules/bans.ts'
import { contentRules } from './rules/content.ts'
import { creationRules } from './rules/creation.ts'
import { groupRules } from './rules/groups.ts'
import { invitationRules } from './rules/invitations.ts'
import { joiningRules } from './rules/joining.ts'
import { lastingRules } from './rules/lasting.ts'
import { listRules } from './rules/lists.ts'
import { memberRules } from './rules/members.ts'

/** The rules of one topic, as a part of the suite. */
export type Rules = (instance: () => Instance) => void

/** The rules of the group API that show without waiting, by topic. */
export const rulesSuite: Suite = instance => {
  describe('creating', () => creationRules(instance))
  describe('groups', () => groupRules(instance))
  describe('joining', () => joiningRules(instance))
  describe('invitations', () => invitationRules(instance))
  describe('applications', () => applicationRules(instance))
  describe('bans and blocks', () => banRules(instance))
  describe('what was ended', () => lastingRules(instance))
  describe('members', () => memberRules(instance))
  describe('content', () => contentRules(instance))
  describe('lists', () => listRules(instance))
  describe('apps', () => appRules(instance))
}
