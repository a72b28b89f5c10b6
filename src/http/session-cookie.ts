/** The cookie that holds a session of the console. */
export const sessionCookie = 'cohort_session'

/** The session in a Cookie header; '' without one. */
export const sessionIn = (cookies: string | null): string =>
  new RegExp(`(?:^|;\\s*)${sessionCookie}=([\\w-]+)`).exec(cookies ?? '')?.[1] ?? ''
