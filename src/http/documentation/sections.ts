import type { Operation } from '../../operation/operation.ts'

export interface Section {
  readonly name: string
  readonly description: string
  /** Operations of the tag `group` belong to the section that has their path. */
  readonly paths?: RegExp
}

/** The sections of the documentation, in the order in which a newcomer needs them. */
export const sections: readonly Section[] = [
  {
    name: 'groups',
    description: 'Make a group, read and change it, dissolve it',
    paths: /^\/group\/(create|destroy|info|user_joined|public_list|settings$)/,
  },
  {
    name: 'joining',
    description: 'Invitations, applications and QR codes',
    paths: /^\/group\/(invit|appl|qrcode)/,
  },
  {
    name: 'members',
    description: 'Members, admins and the owner; what each sets for itself',
    paths: /^\/group\/(member|admin|transfer|kick|leave|display_name|msg)/,
  },
  {
    name: 'bans and blacklist',
    description: 'Who may not send, and who may not join',
    paths: /^\/group\/(settings\/)?(ban|unban|block|unblock)/,
  },
  {
    name: 'group settings',
    description: 'What members of a group may do',
    paths: /^\/group\/settings\//,
  },
  {
    name: 'announcements',
    description: 'What admins publish in a group',
    paths: /^\/group\/announcement/,
  },
  { name: 'shared files', description: 'Files on record in a group', paths: /^\/group\/file/ },
  { name: 'file', description: 'Avatars and chat files: upload, download, forward' },
  { name: 'events', description: 'What happened, and how to keep up with it; webhooks' },
  { name: 'authz', description: 'What a message server asks: who may, and who receives' },
  { name: 'administration', description: 'Lists and usage of an app, for its administrators' },
  { name: 'operator', description: 'All apps and the service, for whoever runs it' },
  { name: 'service', description: 'The service itself' },
  { name: 'compat', description: 'Beside the reference: routes that existing clients also call' },
]

/** The section of an operation. */
export function sectionOf({ tag, path }: Pick<Operation, 'tag' | 'path'>): string {
  if (tag !== 'group') return tag
  return sections.find(({ paths }) => paths?.test(path))?.name ?? 'groups'
}
