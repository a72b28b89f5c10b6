import Database from 'better-sqlite3'
import { cursorOf } from '../../src/operation/page.ts'
import { appSettings } from '../../src/tenant/app.ts'
import type { Large, World } from './world.ts'

export interface Scale {
  /** Members of the two large groups. */
  readonly middle: number
  readonly large: number
  /** Further groups, of one member each, that only take up room. */
  readonly crowd: number
}

const callers = 1_000
const membersOfEach = 100
const victims = 1_000
const firstVictim = 2_000_001
const firstFiller = 5_000_001
const firstGroup = 350_000_000_000_000
const firstInCrowd = 360_000_000_000_000
const cursorsOfEach = 200

const range = (start: number, count: number): number[] => Array.from({ length: count }, (_, i) => start + i)
const groupIds = {
  groups: range(firstGroup, callers),
  open: range(firstGroup + 10_000, 100),
  hot: range(firstGroup + 20_000, 100),
  crowded: range(firstGroup + 30_000, 100),
  middle: firstGroup + 40_000,
  large: firstGroup + 40_001,
} as const

/**
 * Fills an empty database of the service, which has the app, by SQL: all that the work items need, in
 * seconds. What the rows say is what the service itself would have written; `cohort check` runs over it.
 */
export function seed(file: string, app_id: string, { middle, large, crowd }: Scale): void {
  const db = new Database(file)
  db.pragma('synchronous = OFF')
  db.exec('DROP INDEX members_of_user')
  db.exec('BEGIN')
  const now = Date.now()

  const group = db.prepare(`INSERT INTO groups
    (group_id, app_id, type, name, description, avatar, owner_id, creator_id, apply_approval, capacity, count, created_at, updated_at)
    VALUES (@group_id, '${app_id}', @type, 'Group ' || @group_id, 'A group of the benchmark', '', @owner, @owner, @approval, 10000000, 0, ${now}, ${now})`)
  const member = db.prepare(
    `INSERT INTO members (group_id, user_id, app_id, role, joined_at) VALUES (?, ?, '${app_id}', ?, ${now})`,
  )
  const add = (group_id: number, owner: number, type: 0 | 2, members: readonly number[]) => {
    group.run({ group_id, type, owner, approval: type === 2 ? 0 : 1 })
    member.run(group_id, owner, 3)
    for (const user_id of members) if (user_id !== owner) member.run(group_id, user_id, 1)
  }
  groupIds.groups.forEach((group_id, i) => {
    add(
      group_id,
      i + 1,
      0,
      range(i, membersOfEach).map(k => (k % callers) + 1),
    )
  })
  for (const group_id of [...groupIds.open, ...groupIds.hot]) add(group_id, firstVictim, 2, [])
  groupIds.crowded.forEach((group_id, i) => {
    add(group_id, i + 1, 0, range(firstVictim, victims))
  })
  const fillers =
    db.prepare(`INSERT INTO members (group_id, user_id, app_id, joined_at) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)
    SELECT ?, ${firstFiller} + i, '${app_id}', ${now} FROM n`)
  for (const [group_id, members] of [
    [groupIds.middle, middle],
    [groupIds.large, large],
  ] as const) {
    add(group_id, 1, 0, range(1, callers))
    fillers.run(members - callers, group_id)
  }
  if (crowd > 0) {
    const numbers = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${crowd} - 1)`
    const owner = `${firstFiller} + i / 100`
    db.exec(`INSERT INTO groups
      (group_id, app_id, type, name, description, avatar, owner_id, creator_id, apply_approval, capacity, count, created_at, updated_at) ${numbers}
      SELECT ${firstInCrowd} + i, '${app_id}', 0, 'Group ' || i, 'A group of the benchmark', '', ${owner}, ${owner}, 1, 2000, 0, ${now}, ${now} FROM n`)
    db.exec(
      `INSERT INTO members (group_id, user_id, app_id, role, joined_at) ${numbers} SELECT ${firstInCrowd} + i, ${owner}, '${app_id}', 3, ${now} FROM n`,
    )
  }

  db.exec('CREATE INDEX members_of_user ON members (app_id, user_id, joined_at, group_id)')
  db.exec(`INSERT INTO users (app_id, user_id, groups_joined, groups_created)
    SELECT app_id, user_id, count(*), sum(role = 3) FROM members GROUP BY app_id, user_id`)
  db.exec('UPDATE groups SET count = (SELECT count(*) FROM members m WHERE m.group_id = groups.group_id)')
  db.exec('UPDATE apps SET group_count = (SELECT count(*) FROM groups g WHERE g.app_id = apps.app_id)')
  db.exec('COMMIT')
  db.close()
}

/** What `seed` made, for the load. */
export function seeded(file: string, app_id: string, secret: string, scale: Scale): World {
  const db = new Database(file, { readonly: true })
  const keys = JSON.parse(
    db.prepare<[string], string>('SELECT keys FROM apps WHERE app_id = ?').pluck().get(app_id) ?? '[]',
  )
  db.close()
  const app = { app_id, secrets: [], keys, jwks_url: '', settings: appSettings.parse({}), epoch: '' }
  const largeGroup = (group_id: number, members: number): Large => {
    const step = Math.floor((members - callers) / cursorsOfEach)
    const after = range(0, cursorsOfEach - 1).map(i => firstFiller + i * step)
    return {
      group_id,
      members,
      cursors: ['', ...after.map(key => cursorOf(app, `members ${group_id}`, { after: key }))],
    }
  }
  return {
    app_id,
    secret,
    callers,
    groups: groupIds.groups,
    membersOfEach,
    middle: largeGroup(groupIds.middle, scale.middle),
    large: largeGroup(groupIds.large, scale.large),
    open: groupIds.open,
    hot: groupIds.hot,
    crowded: groupIds.crowded,
    victims: range(firstVictim, victims),
    download: '',
    thumbnail: '',
  }
}

/** Groups all over the crowd, so that no page of the database is asked for twice in a row. */
export const amongCrowd = (scale: Scale): number[] =>
  range(0, 5_000).map(i => firstInCrowd + ((i * 7_919) % scale.crowd))
