/** A running service under test: a process of its own, reached over HTTP alone. */
export interface Instance {
  readonly url: string
  readonly app_id: string
  readonly secret: string
  /** Signs the operator's tokens. */
  readonly operatorSecret: string
  /** The folder in which it keeps everything, for tests that look at what is on disk. */
  readonly data: string
  /** Creates an app with these settings and answers its secret. */
  createApp(app_id: string, settings?: Readonly<Record<string, boolean | number | string>>): Promise<string>
  /** Changes settings of an app; in force when it resolves. */
  setApp(app_id: string, settings: Readonly<Record<string, boolean | number | string>>): Promise<void>
  /** Has the keys at this URL sign the app's tokens instead of its secrets; in force when it resolves. */
  setJwks(app_id: string, url: string): Promise<void>
  /**
   * Gives the app a new secret beside its old ones, or instead of them; in force when it resolves with it.
   */
  rotateSecret(app_id: string, options?: { readonly dropOld?: boolean }): Promise<string>
  /**
   * Gives the app a new signing key; the old ones are good for file signatures alone, or for nothing. In
   * force when it resolves.
   */
  rotateKeys(app_id: string, ending: 'links' | 'all'): Promise<void>
  /** What `cohort check` finds wrong; empty when all is well. */
  check(): Promise<string[]>
  /**
   * How many objects the store holds, with what was made of files. It is looked at, not asked for over HTTP.
   */
  storedObjects(): Promise<number>
  /** Makes every file and every record of a shared file older, as if the clock had moved on. */
  makeFilesOlder(days: number): void
  /** Deletes at once what nothing refers to any more, where that can be asked for. */
  gc?(): Promise<void>
  /** Runs the cron trigger, in a home whose jobs run only then. */
  cron?(): Promise<void>
  /** Ends it as a power cut would, and starts it again on the same data and address. */
  crash(): Promise<void>
  stop(): Promise<void>
}

export type Pace = 'fast' | 'slow'

/** A way to run the service. Environment variables go to it on top of what it needs to start. */
export interface Target {
  readonly name: string
  /** `slow`: some hundred requests a second; suites that play at random play less there. Default: fast. */
  readonly pace?: Pace
  start(environment?: Readonly<Record<string, string>>): Promise<Instance>
}
