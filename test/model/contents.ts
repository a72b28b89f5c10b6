import { Because, type Fields, groupRule, no, type Rule, yes } from './rule.ts'
import { announcementInfo, fileInfo } from './views.ts'
import { type Group, type Member, type Profile, role, type SharedFile } from './world.ts'

type Key<Value> = { [K in keyof Profile]: Profile[K] extends Value ? K : never }[keyof Profile]

function set<K extends keyof Profile>(group: Group, key: K, value: Profile[K]): void {
  if (group.profile[key] !== value) group.version.change()
  group.profile[key] = value
}

const profileText = (
  key: Key<string>,
  value: (f: Fields) => string,
  wrong: (f: Fields) => boolean = () => false,
): Rule =>
  groupRule(`info/${key}`, 'editor', {
    sends: f => ({ value: value(f) }),
    wrong,
    judge({ group, fields }) {
      set(group, key, value(fields))
      return yes(true)
    },
  })

const toggle = (path: string, key: Key<boolean>): Rule =>
  groupRule(`settings/${path}`, 'admin', {
    sends: f => ({ value: f.flag }),
    judge({ group, fields }) {
      set(group, key, fields.flag)
      return yes(true)
    },
  })

const approval = groupRule('settings/require_admin_approval', 'admin', {
  sends: f => ({ apply_approval: f.number % 4 }),
  wrong: f => f.number % 4 > 2,
  judge({ group, fields }) {
    set(group, 'apply_approval', fields.number % 4)
    return yes(true)
  },
})

const editAnnouncement = groupRule('announcement/edit', 'admin', {
  sends: f => ({ title: f.text, content: f.url }),
  judge({ group, actor_id, fields, at, made }) {
    const announcement = {
      id: Number(made('id')),
      author: actor_id,
      title: fields.text,
      content: fields.url,
      created: at,
    }
    group.announcements.push(announcement)
    return yes(announcementInfo(group, announcement))
  },
})

const deleteAnnouncement = groupRule('announcement/delete', 'admin', {
  sends: f => ({ announcement_id: f.announcement_id }),
  judge({ group, fields }) {
    const left = group.announcements.filter(announcement => announcement.id !== fields.announcement_id)
    if (left.length === group.announcements.length) return no(20020)
    group.announcements = left
    return yes({})
  },
})

const uploadFile = groupRule('file/upload', 'member', {
  sends: f => ({
    name: `${f.text}.txt`,
    size: f.number,
    url: f.url || 'http://files.example/',
    ...(f.flag && { type: f.text }),
  }),
  judge({ group, actor_id, me, fields, at, made }) {
    if (me?.ban !== 0 || (me.role === role.member && group.ban_all !== 0)) return no(10010)
    const file: SharedFile = {
      file_id: Number(made('file_id')),
      uploader: actor_id,
      name: `${fields.text}.txt`,
      size: fields.number,
      type: fields.flag ? fields.text : '',
      url: fields.url || 'http://files.example/',
      created: at,
      updated: at,
    }
    group.files.push(file)
    return yes(fileInfo(group, file))
  },
})

/** Why this member may not change that file of the group. */
function refusalOfFile(file: SharedFile | undefined, me: Member | undefined): number | undefined {
  if (file === undefined) return 20022
  return file.uploader === me?.user_id || (me?.role ?? 0) >= role.admin ? undefined : 20023
}

const renameFile = groupRule('file/update_name', 'member', {
  sends: f => ({ file_id: f.file_id, name: f.text }),
  wrong: f => f.text === '',
  judge({ group, fields, at, me }) {
    const file = group.files.find(item => item.file_id === fields.file_id)
    const refusal = refusalOfFile(file, me)
    if (file === undefined || refusal !== undefined) return no(refusal ?? 20022)
    file.name = fields.text
    file.updated = at
    return yes(true)
  },
})

const deleteFile = groupRule('file/delete', 'member', {
  sends: f => ({ file_list: f.file_list }),
  judge({ group, fields, me }) {
    const items = [...new Set(fields.file_list)].map(file_id => {
      const refusal = refusalOfFile(
        group.files.find(item => item.file_id === file_id),
        me,
      )
      if (refusal !== undefined) return { file_id, reason: new Because(refusal), result: 'fail' }
      group.files = group.files.filter(item => item.file_id !== file_id)
      return { file_id, reason: '', result: 'success' }
    })
    return yes(items)
  },
})

export const contentRules: readonly Rule[] = [
  profileText(
    'name',
    f => f.text,
    f => f.text === '',
  ),
  profileText('description', f => f.text),
  profileText('avatar', f => f.url),
  profileText('ext', f => JSON.stringify({ value: f.text })),
  toggle('allow_member_invitation', 'member_invite'),
  toggle('allow_member_modify', 'member_modify'),
  toggle('enable_read_ack', 'read_ack'),
  toggle('history_visible', 'history_visible'),
  toggle('hide_member_info', 'hide_member_info'),
  approval,
  editAnnouncement,
  deleteAnnouncement,
  uploadFile,
  renameFile,
  deleteFile,
]
