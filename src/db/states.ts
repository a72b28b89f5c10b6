/*
 * What the numbers in columns mean. In a statement they are constants, so they become text of the SQL and let
 * SQLite use the partial indexes.
 */

export const groupStatus = { living: 0, dissolved: 1 } as const

/** Of applications and invitations. */
export const pendingStatus = { pending: 0, agreed: 1, rejected: 2 } as const

/** `grants.to_type`: who a file was sent to. */
export const receiverType = { user: 1, group: 2 } as const

/**
 * Promised: no bytes yet. Receiving: an upload is under way. Stored: never changed again. Released: nothing
 * refers to it, its bytes are to go.
 */
export const objectState = { promised: 0, stored: 1, released: 2, receiving: 3 } as const
