/*
 * The rules that must hold after every operation and every crash (docs/behaviour.md, section 6). Each is a
 * query that finds the places where the rule is broken. `cohort check` runs them. The tests of races, of
 * crashes and of the model run them at their end.
 */

export interface Invariant {
  readonly rule: string
  /** Answers an id for each place where the rule is broken. */
  readonly sql: string
}

/** The number of the latest event of an app that retention has deleted; 0 if it has deleted none. */
const trimmedTo = `coalesce((SELECT max(t.seq) FROM events t WHERE t.app_id = e.app_id AND t.kind = 'events.trimmed'), 0)`

export const invariants: readonly Invariant[] = [
  {
    rule: 'the count of a group is the number of its members',
    sql: 'SELECT g.group_id FROM groups g WHERE g.count <> (SELECT count(*) FROM members m WHERE m.group_id = g.group_id)',
  },
  {
    rule: 'a group has exactly one owner, a member of it',
    sql: `SELECT g.group_id FROM groups g WHERE g.status = 0
      AND NOT EXISTS (SELECT 1 FROM members m WHERE m.group_id = g.group_id AND m.user_id = g.owner_id AND m.role = 3)`,
  },
  {
    rule: 'a group has no second owner',
    sql: 'SELECT group_id FROM members WHERE role = 3 GROUP BY group_id HAVING count(*) > 1',
  },
  {
    rule: 'no member is blacklisted',
    sql: 'SELECT m.group_id FROM members m JOIN blacklist b ON b.group_id = m.group_id AND b.user_id = m.user_id',
  },
  {
    rule: 'a group has no more members than its capacity',
    sql: 'SELECT group_id FROM groups WHERE count > capacity',
  },
  {
    rule: 'the blacklist count of a group is the size of its blacklist',
    sql: `SELECT g.group_id FROM groups g WHERE g.status = 0
      AND g.blacklist_count <> (SELECT count(*) FROM blacklist b WHERE b.group_id = g.group_id)`,
  },
  {
    rule: 'a membership is of a group of the same app',
    sql: 'SELECT m.group_id FROM members m LEFT JOIN groups g ON g.group_id = m.group_id WHERE g.app_id IS NOT m.app_id',
  },
  {
    rule: 'a member has nothing pending in its group',
    sql: `SELECT m.group_id FROM members m JOIN groups g ON g.group_id = m.group_id AND g.status = 0
      WHERE EXISTS (SELECT 1 FROM invitations i WHERE i.group_id = m.group_id AND i.invitee_id = m.user_id AND i.status = 0)
      OR EXISTS (SELECT 1 FROM applications a WHERE a.group_id = m.group_id AND a.applicant_id = m.user_id AND a.status = 0)`,
  },
  {
    rule: 'who is blacklisted has nothing pending in that group',
    sql: `SELECT b.group_id FROM blacklist b JOIN groups g ON g.group_id = b.group_id AND g.status = 0
      WHERE EXISTS (SELECT 1 FROM invitations i WHERE i.group_id = b.group_id AND i.invitee_id = b.user_id AND i.status = 0)
      OR EXISTS (SELECT 1 FROM applications a WHERE a.group_id = b.group_id AND a.applicant_id = b.user_id AND a.status = 0)`,
  },
  {
    rule: 'the number of groups a user joined is that of its memberships',
    sql: `SELECT u.user_id FROM users u
      WHERE u.groups_joined <> (SELECT count(*) FROM members m WHERE m.app_id = u.app_id AND m.user_id = u.user_id)
      UNION ALL SELECT m.user_id FROM members m LEFT JOIN users u ON u.app_id = m.app_id AND u.user_id = m.user_id WHERE u.user_id IS NULL`,
  },
  {
    rule: 'the number of groups a user created is that of its groups',
    sql: `SELECT u.user_id FROM users u LEFT JOIN
      (SELECT app_id, creator_id, count(*) AS made FROM groups WHERE status = 0 GROUP BY app_id, creator_id) g
      ON g.app_id = u.app_id AND g.creator_id = u.user_id WHERE u.groups_created <> coalesce(g.made, 0)`,
  },
  {
    rule: 'the number of groups of an app is that of its groups',
    sql: 'SELECT a.app_id FROM apps a WHERE a.group_count <> (SELECT count(*) FROM groups g WHERE g.app_id = a.app_id AND g.status = 0)',
  },
  {
    rule: 'the stored bytes of an app are those of its objects',
    sql: 'SELECT a.app_id FROM apps a WHERE a.file_bytes <> (SELECT coalesce(sum(o.size + o.derived_bytes), 0) FROM objects o WHERE o.app_id = a.app_id AND o.state > 0)',
  },
  {
    rule: 'the stored bytes of a user are those of its objects',
    sql: `SELECT u.user_id FROM users u LEFT JOIN
      (SELECT app_id, user_id, sum(size + derived_bytes) AS bytes FROM objects WHERE state > 0 GROUP BY app_id, user_id) o
      ON o.app_id = u.app_id AND o.user_id = u.user_id WHERE u.user_file_bytes <> coalesce(o.bytes, 0)`,
  },
  {
    rule: 'the events of an app are numbered without gaps, but where they were trimmed',
    sql: `WITH kept AS (SELECT app_id, seq FROM events e WHERE seq > ${trimmedTo})
      SELECT app_id FROM kept GROUP BY app_id HAVING count(*) <> max(seq) - min(seq) + 1
      UNION ALL SELECT app_id FROM kept e GROUP BY app_id HAVING min(seq) <> ${trimmedTo} + 1`,
  },
  {
    rule: 'the newest event of a group is of its version',
    sql: `SELECT g.group_id FROM groups g WHERE g.version <>
      (SELECT max(e.group_version) FROM events e WHERE e.group_id = g.group_id AND e.group_id IS NOT NULL AND e.seq > ${trimmedTo})`,
  },
  {
    rule: 'every version of a group has an event, from the first that is kept',
    sql: `SELECT e.group_id FROM events e WHERE e.group_id IS NOT NULL AND e.seq > ${trimmedTo}
      GROUP BY e.group_id HAVING count(DISTINCT e.group_version) <> max(e.group_version) - min(e.group_version) + 1`,
  },
  {
    rule: 'the batches of the audit chain follow one another, up to the head that is recorded',
    sql: `SELECT b.app_id FROM audit_chain b JOIN audit_chain a ON a.app_id = b.app_id AND a.number = b.number - 1
      WHERE b.previous <> a.hash OR b.first_seq <> a.last_seq + 1
      UNION ALL SELECT app_id FROM audit_chain GROUP BY app_id HAVING count(*) <> max(number) - min(number) + 1
      UNION ALL SELECT h.app_id FROM audit_heads h WHERE h.head_number IS NOT
        (SELECT max(c.number) FROM audit_chain c WHERE c.app_id = h.app_id)
      UNION ALL SELECT c.app_id FROM audit_chain c WHERE NOT EXISTS (SELECT 1 FROM audit_heads h WHERE h.app_id = c.app_id)`,
  },
  {
    rule: 'the audit chain covers only events that there were',
    sql: `SELECT app_id FROM audit_chain c GROUP BY app_id
      HAVING max(last_seq) > coalesce((SELECT max(seq) FROM events e WHERE e.app_id = c.app_id), 0)`,
  },
]
