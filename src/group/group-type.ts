/**
 * The types of groups (docs/behaviour.md, section 4, `create`). Everybody finds a public group or a chatroom
 * and joins it at once; a temporary group is like a private one, and clients may treat it in their own way.
 */
export const groupType = { private: 0, public: 1, chatroom: 2, temporary: 3 } as const
export type GroupType = (typeof groupType)[keyof typeof groupType]

/** The type as the database keeps it: see `finer_type` in db/schema.ts. */
export const storedType = (type: number): { readonly type: number; readonly finer_type: number | null } =>
  type === groupType.public || type === groupType.temporary
    ? { type: groupType.private, finer_type: type }
    : { type, finer_type: null }
