/*
 * What is another at every run has a name in recorded requests and answers: its kind and where it first
 * appeared, as in `{id 3}`. So the same story gives the same text at every run, and a request can be made
 * again in another one.
 */

/** Where the text of a kind begins, and what belongs to it. Those that hold others come first. */
const kinds: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ['slot', /(?<=[?&]slot=)[\w.~%-]+/g],
  ['file_sign', /(?<=[?&]file_sign=)[\w.-]+/g],
  ['object_name', /(?<=[?&]object_name=)[\w.%-]+/g],
  ['qr_info', /(?<="qr_info":")[^"]+/g],
  ['cursor', /(?<="cursor":")[^"]+/g],
  ['etag', /(?<=^"|"etag":"\\")[\w-]{16,}(?=[."\\])/g],
  ['file', /(?<=filename="|UTF-8'')[0-9a-z]{10}(?=[.";]|$)/g],
  ['id', /\b[3-9]\d{14}\b/g],
]

const minuteMs = 60_000

/** From when until when a request was under way, milliseconds since 1970 of the service's clock. */
type Window = readonly [from: number, to: number]

export class Names {
  private readonly names = new Map<string, string>()
  private readonly texts = new Map<string, string>()
  private readonly counts = new Map<string, number>()
  private readonly windows: Window[] = []
  private url = ''

  /** The address of the service from now on: `{url}`. */
  at(url: string): void {
    this.url = url
    this.bind('{url}', url)
  }

  /** A request that was under way then is next. Its number is the name of the times that it made. */
  under(window: Window): void {
    this.windows.push(window)
  }

  /** Something that was answered, with names. What appears in it for the first time gets one. */
  told(text: string): string {
    const plain = text.replaceAll(this.url, '{url}')
    return kinds
      .reduce((rest, [kind, pattern]) => rest.replace(pattern, found => this.nameOf(kind, found)), plain)
      .replace(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, iso => this.timeOf(Date.parse(iso), 'ISO ') ?? iso)
      .replace(/\b1[789]\d{11}\b/g, ms => this.timeOf(Number(ms)) ?? ms)
      .replace(
        /\b1[789]\d{8}\b/g,
        seconds => this.timeOf(Number(seconds) * 1000, 'seconds ', 1000) ?? seconds,
      )
  }

  /** Something that is sent, with the names that are known. */
  asked(text: string): string {
    const known = [...this.names].filter(([value]) => text.includes(value))
    known.sort(([a], [b]) => b.length - a.length)
    return known.reduce((rest, [value, name]) => rest.replaceAll(value, name), text)
  }

  /**
   * The other way round: what a recorded request means in this run. Throws for a name that nothing has yet.
   */
  meant(text: string): string {
    return text.replace(/\{(?:[a-z_]+ [\d.]+|url)\}/g, name => {
      const value = this.texts.get(name)
      if (value === undefined) throw new Error(`${name} has not appeared in an answer`)
      return value
    })
  }

  private bind(name: string, text: string): void {
    this.names.set(text, name)
    this.texts.set(name, text)
  }

  private nameOf(kind: string, text: string): string {
    const known = this.names.get(text)
    if (known !== undefined) return known
    const at = `${kind} ${this.windows.length}`
    const count = (this.counts.get(at) ?? 0) + 1
    this.counts.set(at, count)
    const name = count === 1 ? `{${at}}` : `{${at}.${count}}`
    this.bind(name, text)
    return name
  }

  /** The number of the request that made this time, and how many minutes after it; undefined if none did. */
  private timeOf(ms: number, form = '', unitMs = 1): string | undefined {
    // Those that are later by whole minutes are of the newest request that could have made them.
    for (const minutes of [0, undefined]) {
      for (let at = this.windows.length - 1; at >= 0; at--) {
        const [from, to] = this.windows[at] as Window
        const later = minutes ?? Math.floor((ms + unitMs - 1 - from) / minuteMs)
        const made = ms - later * minuteMs
        if (later >= 0 && made > from - unitMs && made < to + unitMs) {
          // Several requests have the same second.
          const of = unitMs > 1 ? '' : ` ${at + 1}`
          return `{${form}time${of}${later > 0 ? ` + ${later} min` : ''}}`
        }
      }
    }
    return undefined
  }
}
