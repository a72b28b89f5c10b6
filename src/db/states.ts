/*
 * The meaning of numbers in columns. In a statement these constants become part of the SQL text, so that
 * SQLite can use the partial indexes.
 */

export const groupStatus = { living: 0, dissolved: 1 } as const

/** The status of applications and invitations. */
export const pendingStatus = { pending: 0, agreed: 1, rejected: 2 } as const

/** `grants.to_type`: who a file was sent to. */
export const receiverType = { user: 1, group: 2 } as const

/**
 * Promised: no bytes yet. Receiving: an upload is under way. Stored: the bytes never change again. Released:
 * nothing refers to the object, and a job will delete its bytes.
 */
export const objectState = { promised: 0, stored: 1, released: 2, receiving: 3 } as const

/**
 * Whether a stored file is withheld from its readers. None: it is not. Unscanned: it was not looked at yet by
 * the virus scanner. Quarantined: an administrator or the scanner has put it under quarantine.
 */
export const fileHold = { none: 0, unscanned: 1, quarantined: 2 } as const
