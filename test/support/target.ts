/** A running service under test: a process of its own, reached over HTTP alone. */
export interface Instance {
  readonly url: string
  readonly app_id: string
  readonly secret: string
  /** Creates an app with these settings and answers its secret. */
  createApp(app_id: string, settings?: Readonly<Record<string, boolean | number>>): Promise<string>
  /** Changes settings of an app; in force when it resolves. */
  setApp(app_id: string, settings: Readonly<Record<string, boolean | number>>): Promise<void>
  /** What `cohort check` finds wrong; empty when all is well. */
  check(): Promise<string[]>
  /** Ends it as a power cut would, and starts it again on the same data and address. */
  crash(): Promise<void>
  stop(): Promise<void>
}

/** A way to run the service. Environment variables go to it on top of what it needs to start. */
export interface Target {
  readonly name: string
  start(environment?: Readonly<Record<string, string>>): Promise<Instance>
}
