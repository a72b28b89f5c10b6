import { operations } from '../../src/operations.ts'

/** The operations that any user of an app may call; those for administrators have a suite of their own. */
export const userOperations = operations.filter(({ who }) => who === 'user')
