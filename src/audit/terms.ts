import type { AppSettings } from '../tenant/app.ts'
import type { StoredBatch } from './digest.ts'

const dayMs = 24 * 60 * 60 * 1000

/** How long events are kept, as far as a change of the settings says so. */
export interface KeepingTerms {
  readonly events_days?: number | undefined
  readonly audit_days?: number | undefined
}

/**
 * Whether retention could have deleted what is missing. Settings may have been shorter once. So the shortest
 * of all that are known decides, those in recorded changes of the settings among them.
 */
export class Terms {
  private eventsDays: number
  private auditDays: number
  private readonly now: number
  private readonly young: StoredBatch[] = []

  constructor({ events_days, audit_days }: AppSettings, now: number) {
    this.eventsDays = events_days
    this.auditDays = audit_days
    this.now = now
  }

  learn(changes: readonly KeepingTerms[]): void {
    for (const { events_days, audit_days } of changes) {
      this.eventsDays = Math.min(this.eventsDays, events_days ?? this.eventsDays)
      this.auditDays = Math.min(this.auditDays, audit_days ?? this.auditDays)
    }
  }

  /** A batch of which events were deleted. */
  deleted(batch: StoredBatch): void {
    if (this.isTooYoung(batch)) this.young.push(batch)
  }

  problems(): string[] {
    return this.young
      .filter(batch => this.isTooYoung(batch))
      .map(({ number }) => `events of batch ${number} were deleted before their time`)
  }

  private isTooYoung({ kept, last_at }: StoredBatch): boolean {
    const days = kept === 'none' ? this.auditDays : this.eventsDays
    return last_at > this.now - days * dayMs
  }
}
