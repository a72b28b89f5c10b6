import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { betterSqlite3 } from '../../src/db/engines/better-sqlite3.ts'
import { migrate } from '../../src/db/migrate.ts'
import { allStatements } from '../../src/db/query.ts'
import { removeFolder, temporaryFolder } from '../support/process.ts'
import { sourcesIn } from '../support/sources.ts'

interface Exception {
  /** What the plan says. */
  readonly plan: RegExp
  /** Of which statement. */
  readonly sql: RegExp
  readonly why: string
}

/** Where a scan or a sort is as it should be. */
const exceptions: readonly Exception[] = [
  {
    sql: /^INSERT INTO events[\s\S]*FROM apps a WHERE true/,
    plan: /^(SCAN a USING COVERING INDEX|USE TEMP B-TREE|SCAN a$)/,
    why: 'an event that every app gets: of a backup, or of a session of the console',
  },
  {
    sql: /from "events" where \(group_id = [\s\S]*order by "events"\."group_version" desc/,
    plan: /^USE TEMP B-TREE FOR LAST TERM OF ORDER BY$/,
    why: 'the events of one version of a group are few, and each version is sorted alone',
  },
  {
    sql: /from "audit_heads" where/,
    plan: /^SCAN audit_heads$/,
    why: 'one row for each app, once an hour',
  },
  {
    sql: /WITH RECURSIVE halved/,
    plan: /^SCAN halved$/,
    why: 'the few steps of halving, each of which reads one event by its key',
  },
  {
    sql: /^UPDATE audit_chain SET/,
    plan: /^USE TEMP B-TREE FOR ORDER BY$/,
    why: 'the entries of one batch, which keep their order',
  },
  {
    sql: /json_insert\(e\.subjects/,
    plan: /^SCAN subject VIRTUAL TABLE/,
    why: 'each event has a list of subjects of its own',
  },
  {
    sql: /from "webhooks" where \("webhooks"\."state" = /,
    plan: /^SCAN webhooks$/,
    why: 'each webhook is compared with the newest event of its app, and there are few',
  },
  {
    sql: /min\("webhook_holds"\."next_at"\)/,
    plan: /^SCAN webhooks USING INDEX webhooks_of_app$/,
    why: 'the next attempts of all apps, and there are few webhooks',
  },
  {
    sql: /count\(\*\) as "total" from "apps"|from "deleted_apps" limit/,
    plan: /^SCAN (apps|deleted_apps) USING COVERING INDEX/,
    why: 'how many apps there are, and those that are being removed: for the operator',
  },
  {
    sql: /from "apps" order by "apps"\."app_id"/i,
    plan: /^SCAN apps USING (COVERING )?INDEX/,
    why: 'all apps, in their order: for the command line',
  },
  {
    sql: /^WITH administered/,
    plan: /^(USE TEMP B-TREE FOR ORDER BY|SCAN administered)$/,
    why: 'applications of several groups, newest first: each group has its own order, so keys are sorted',
  },
  {
    sql: /json_each\("(applications|invitations)"\."former_ids"\)/,
    plan: /^USE TEMP B-TREE FOR ORDER BY$/,
    why: 'pages behind the first of rows that are renewed: their order is that of the first page',
  },
  {
    sql: /"announcements"[\s\S]*ORDER BY page_key/,
    plan: /^USE TEMP B-TREE FOR ORDER BY$/,
    why: 'the latest announcements, of which the oldest comes first',
  },
  {
    sql: /from "groups" where status = 1 AND count > 0/,
    plan: /^SCAN groups USING INDEX groups_dissolved$/,
    why: 'the index holds dissolved groups only, until they are swept',
  },
  {
    sql: /^INSERT OR REPLACE INTO invitations/,
    plan: /^(SCAN former VIRTUAL TABLE INDEX 1:|USE TEMP B-TREE FOR ORDER BY)$/,
    why: 'the former ids of the few invitations of one inviter for one user, of which the latest are kept',
  },
  {
    sql: /FROM groups AS dissolved CROSS JOIN members/,
    plan: /^SCAN dissolved USING INDEX groups_dissolved$/,
    why: 'the same index: groups that were dissolved and are not swept yet',
  },
  {
    sql: /^select "object_name".* from "objects" where .*"user_id" = \?/,
    plan: /^SCAN objects USING INDEX objects_(unfinished|released)$/,
    why: 'uploads under way and objects that are being deleted, of which there are few: for an erasure',
  },
  {
    sql: /^select count\(\*\) as "objects".* from "objects" where state = 2/,
    plan: /^SCAN objects USING INDEX objects_released$/,
    why: 'the same for released objects, which wait for their deletion: for the command line',
  },
  {
    sql: /^select max\(g\.grant_id\)/,
    plan: /^SCAN g$/,
    why: 'the few grants of a portion, which the inner SELECT finds by their key: for an export',
  },
  {
    sql: /WITH RECURSIVE ended /,
    plan: /^SCAN ended$/,
    why: 'what is read is the few grants that the statement has just found',
  },
]

/**
 * Statements that have more than one index to choose from, of which only one is right: whatever the size of a
 * group, its members who are no admins, or not banned, are not looked at.
 */
const indexes: readonly { readonly sql: RegExp; readonly index: RegExp; readonly of: string }[] = [
  { of: 'admins', sql: /from "members"[^()]* where .*role > 1/, index: /members_admins/ },
  { of: 'banned members', sql: /from "members"[^()]* where .*ban_until <> 0/, index: /members_banned/ },
  {
    of: "a user's groups",
    sql: /^SELECT json_group_array\("group_id"\).*"user_id" = \?/,
    index: /COVERING INDEX members_of_user/,
  },
  { of: 'public groups', sql: /type (=|IN) .* AND status = 0/, index: /COVERING INDEX groups_open/ },
  { of: 'dissolved groups', sql: /from "groups" where status = 1/, index: /groups_dissolved/ },
  {
    of: 'pending invitations',
    sql: /^(?!select coalesce).*(from|UPDATE) "?invitations"? [^()]*status = 0/is,
    index: /invitations_pending/,
  },
  { of: "a user's invitations", sql: /json_object.*"invitations"/, index: /invitations_of_invitee/ },
  { of: "a group's applications", sql: /^WITH administered/, index: /COVERING INDEX applications_of_group/ },
  { of: 'announcements', sql: /from "announcements".* order by/, index: /announcements_of_group/ },
  {
    of: 'shared files',
    sql: /from "shared_files".* order by "shared_files"\."file_id"/,
    index: /shared_files_of_group/,
  },
  { of: 'old records', sql: /from "shared_files".*"app_id" = \? and/, index: /shared_files_by_age/ },
  { of: 'old chat files', sql: /from "objects".*kind < 200/, index: /objects_chat_by_age/ },
  { of: 'old shared files', sql: /from "objects".*kind >= 200/, index: /objects_shared_by_age/ },
  { of: 'files under quarantine', sql: /from "objects".*hold" = 2/, index: /objects_quarantined/ },
  { of: 'unscanned files', sql: /from "objects".*hold = 1/, index: /objects_unscanned/ },
  { of: 'groups by name', sql: /from "groups".*order by "groups"\."name"/, index: /groups_by_name/ },
  { of: 'groups by size', sql: /from "groups".*order by "groups"\."count"/, index: /groups_by_size/ },
  { of: 'groups by owner', sql: /from "groups".*order by "groups"\."owner_id"/, index: /groups_by_owner/ },
  {
    of: 'the largest files',
    sql: /from "objects" where[^?]*"app_id" = \?.*order by "objects"\."size"/,
    index: /objects_by_size|objects_of_user/,
  },
  { of: 'released objects', sql: /from "objects" where \(?state = 2/, index: /objects_released/ },
  { of: 'promised objects', sql: /from "objects" where .*state = 0 and/, index: /objects_promised_to_user/ },
]

/** Statements declared in any of the program's modules. */
async function declareAll(): Promise<string[]> {
  const modules = sourcesIn('src').filter(
    ({ imports, path }) =>
      !path.startsWith('entry/') && imports.some(({ file, typeOnly }) => file === 'db/query.ts' && !typeOnly),
  )
  for (const { path } of modules)
    await import(/* @vite-ignore */ new URL(`../../src/${path}`, import.meta.url).href)
  return modules.map(({ path }) => path)
}

describe('query plans', () => {
  let folder: string
  let database: Database.Database
  let modules: string[]
  beforeAll(async () => {
    folder = temporaryFolder()
    const file = join(folder, 'cohort.db')
    const engine = betterSqlite3(file)
    migrate(engine)
    engine.close()
    database = new Database(file, { readonly: true })
    modules = await declareAll()
  })
  afterAll(async () => {
    database.close()
    await removeFolder(folder)
  })

  const planOf = (sql: string) =>
    database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...Array.from(sql.matchAll(/\?/g), () => null)) as {
      readonly detail: string
      /** Steps of one parent are loops within each other. */
      readonly parent: number
    }[]

  /**
   * What is wrong with the plan of a statement: whole tables read, sorted in memory, or a list that came as a
   * parameter gone through for each row of a table.
   */
  const wrongWith = (sql: string): string[] => {
    const plan = planOf(sql)
    const isLoop = (detail: string) => /^(SCAN|SEARCH)\b/.test(detail)
    return plan
      .filter(({ detail, parent }, i) => {
        if (/TEMP B-TREE/.test(detail)) return true
        if (!/^SCAN\b/.test(detail)) return false
        if (/VIRTUAL TABLE/.test(detail))
          return plan.slice(0, i).some(step => step.parent === parent && isLoop(step.detail))
        return !isVirtual(detail)
      })
      .map(({ detail }) => detail)
  }
  /** The statement as it was declared, without the sign before each parameter. */
  const plain = (sql: string): string => sql.replaceAll('+?', '?')
  /** A list that came as a parameter, a constant, or the result of an inner query: none is a table. */
  const isVirtual = (detail: string): boolean =>
    /^SCAN (\S+ VIRTUAL TABLE|json_each|page$|CONSTANT ROW|\(subquery-\d+\)|\d+ CONSTANT ROWS)/.test(detail)

  it('are there to be looked at', () => {
    expect(modules.length).toBeGreaterThan(20)
    expect(allStatements().length).toBeGreaterThan(100)
    const declarations = modules.map(
      path =>
        readFileSync(new URL(`../../src/${path}`, import.meta.url), 'utf8').match(
          /\b(query|command)(<[^(]*>)?\(\)\(/g,
        )?.length ?? 0,
    )
    expect(allStatements().length).toBeGreaterThanOrEqual(declarations.reduce((sum, count) => sum + count, 0))
  })

  it('would show a scan', () => {
    expect(wrongWith('SELECT * FROM members WHERE display_name = ?')).toEqual(['SCAN members'])
    expect(wrongWith('SELECT * FROM members WHERE group_id = ? ORDER BY display_name')).toEqual([
      'USE TEMP B-TREE FOR ORDER BY',
    ])
    expect(wrongWith('SELECT * FROM json_each(?)')).toEqual([])
    expect(
      wrongWith(
        'SELECT 1 FROM groups g CROSS JOIN json_each(?) AS item WHERE g.app_id = ? AND item.value = g.group_id',
      ),
    ).toContainEqual(expect.stringMatching(/^SCAN item VIRTUAL TABLE/))
  })

  it('read by keys and indexes, and sort nothing', () => {
    const wrong = allStatements().flatMap(({ sql }) =>
      wrongWith(sql)
        .filter(
          detail =>
            !exceptions.some(exception => exception.sql.test(plain(sql)) && exception.plan.test(detail)),
        )
        .map(detail => ({ detail, sql: sql.replace(/\s+/g, ' ').slice(0, 300) })),
    )
    expect(wrong).toEqual([])
  })

  it.each(indexes)('find $of by their index', ({ sql, index }) => {
    const found = allStatements().filter(statement => sql.test(plain(statement.sql).replace(/\s+/g, ' ')))
    expect(found.length).toBeGreaterThan(0)
    for (const statement of found)
      expect(
        planOf(statement.sql).filter(({ detail }) => index.test(detail)),
        statement.sql,
      ).not.toEqual([])
  })

  it.each(exceptions)('are otherwise only where there is a reason: $why', ({ sql, plan }) => {
    expect(
      allStatements().some(
        statement =>
          sql.test(plain(statement.sql)) && wrongWith(statement.sql).some(detail => plan.test(detail)),
      ),
    ).toBe(true)
  })
})
