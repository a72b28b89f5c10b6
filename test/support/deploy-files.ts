import { readFileSync } from 'node:fs'

/*
 * Readers for the files of deploy/. Each knows the part of its format that these files use, and throws at
 * everything else: what it cannot read is not checked, and that must not go unnoticed.
 */

export const readText = (path: string): string => readFileSync(path, 'utf8')

export interface Instruction {
  readonly name: string
  readonly text: string
}
export interface Stage {
  readonly image: string
  /** '' where it has none. */
  readonly name: string
  readonly instructions: readonly Instruction[]
}

const instructionNames =
  /^(ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR) +(.+)$/

/** The stages of a Dockerfile. Throws at a line that is none of its instructions. */
export function dockerStages(text: string): Stage[] {
  const stages: (Stage & { instructions: Instruction[] })[] = []
  const lines = text.replace(/^\s*#.*\n/gm, '').replace(/ *\\\n */g, ' ')
  for (const line of lines.split('\n').filter(found => found.trim() !== '')) {
    const [, image, stageName = ''] = /^FROM (\S+)(?: AS (\S+))?$/.exec(line) ?? []
    if (image !== undefined) {
      stages.push({ image, name: stageName, instructions: [] })
      continue
    }
    const [, name, rest] = instructionNames.exec(line) ?? []
    const stage = stages.at(-1)
    if (name === undefined || rest === undefined || stage === undefined)
      throw new Error(`not a line of a Dockerfile: ${line}`)
    stage.instructions.push({ name, text: rest })
  }
  return stages
}

/** The texts of a stage's instructions of this name. */
export const textsOf = ({ instructions }: Stage, name: string): string[] =>
  instructions.filter(instruction => instruction.name === name).map(({ text }) => text)

/** `A=1 B=2`, as ENV has it. */
export const assignments = (text: string): Record<string, string> =>
  Object.fromEntries(
    text.split(' ').map(pair => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  )

/**
 * A YAML file of maps, lists and plain scalars, as paths: `services.cohort.ports.0` → `127.0.0.1:8787:8787`.
 * A map without a value is ''.
 */
export function yamlPaths(text: string): Map<string, string> {
  const paths = new Map<string, string>()
  /** What the line is inside of: how far it is indented, its path, and how many items it has. */
  const open = [{ indent: -1, path: '', items: 0 }]
  const within = (indent: number) => {
    while ((open.at(-1)?.indent ?? -1) >= indent) open.pop()
    const parent = open.at(-1)
    if (parent === undefined) throw new Error('not indented as YAML is')
    return parent
  }
  const enter = (indent: number, path: string, value: string) => {
    if (paths.has(path)) throw new Error(`${path} is there twice`)
    if (/^["'[{&*|>!%@`#]/.test(value) || / #|: /.test(value))
      throw new Error(`${path} is not a plain value: ${value}`)
    paths.set(path, value)
    if (value === '') open.push({ indent, path, items: 0 })
  }
  for (const line of text.split('\n').filter(found => found !== '')) {
    const [, spaces = '', dash, key, value] =
      /^((?: {2})*)(- )?(?:([\w-]+):(?: (\S.*))?|.+)$/.exec(line) ?? []
    if (line.slice(spaces.length).startsWith(' ')) throw new Error(`not indented by twos: ${line}`)
    let indent = spaces.length
    let parent = within(indent)
    if (dash !== undefined) {
      const item = `${parent.path}.${parent.items++}`
      if (key === undefined || /^\d/.test(key)) {
        enter(indent, item, line.slice(indent + 2))
        continue
      }
      enter(indent, item, '')
      indent += 2
      parent = within(indent)
    }
    if (key === undefined) throw new Error(`neither a key nor an item: ${line}`)
    enter(indent, parent.path === '' ? key : `${parent.path}.${key}`, value ?? '')
  }
  return paths
}

/** The settings of a systemd unit in their order: `Service.User` → `['cohort']`. */
export function unitSettings(text: string): Map<string, string[]> {
  const settings = new Map<string, string[]>()
  let section = ''
  for (const line of text.split('\n').filter(found => found !== '' && !found.startsWith('#'))) {
    const [, name] = /^\[(\w+)\]$/.exec(line) ?? []
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? []
    if (name !== undefined) section = name
    else if (key === undefined || value === undefined || section === '')
      throw new Error(`not a line of a unit: ${line}`)
    else settings.set(`${section}.${key}`, [...(settings.get(`${section}.${key}`) ?? []), value])
  }
  return settings
}

/** The names of the series that a text in Prometheus' format has or will have: a histogram has three. */
export function seriesOf(exposition: string): Set<string> {
  const types = [...exposition.matchAll(/^# TYPE (\w+) (\w+)$/gm)]
  return new Set(
    types.flatMap(([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  )
}
