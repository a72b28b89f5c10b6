import { type SQL, sql } from 'drizzle-orm'

/**
 * Who stored the picture that a group's avatar names; null if it is none of this service. Clients send the
 * name of the object or its download URL (docs/behaviour.md, section 7). `group` is the name of the table in
 * the statement.
 */
export function avatarOf(group: 'g' | 'groups'): SQL<number | null> {
  const avatar = sql.raw(`${group}.avatar`)
  return sql`(SELECT o.user_id FROM objects AS o WHERE o.app_id = ${sql.raw(`${group}.app_id`)} AND o.object_name =
    CASE instr(${avatar}, 'object_name=') WHEN 0 THEN ${avatar}
    ELSE replace(replace(substr(${avatar}, instr(${avatar}, 'object_name=') + 12), '%2F', '/'), '%2f', '/') END)`
}
