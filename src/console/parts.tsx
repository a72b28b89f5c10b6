import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { Page, Pages } from '../client/client.ts'
import { formatNumber } from './format.ts'
import { messageOf } from './session.ts'

/* What screens are made of. Text is always a text node, so nothing that a user wrote is ever read as HTML. */

/** A message about what was done or went wrong, which screen readers announce. */
export const notice = signal<{ readonly text: string; readonly failed: boolean } | undefined>(undefined)

export const say = (text: string, failed = false): void => {
  notice.value = { text, failed }
}

export function Notice() {
  const shown = notice.value
  return (
    <div class="notice-place" role="status" aria-live="polite">
      {shown && (
        <div class={shown.failed ? 'notice failed' : 'notice'}>
          <span>{shown.text}</span>
          <button
            type="button"
            class="quiet"
            aria-label="Close this message"
            onClick={() => {
              notice.value = undefined
            }}
          >
            ✕
          </button>
        </div>
      )}
    </div>
  )
}

interface Loaded<T> {
  readonly data: T | undefined
  readonly problem: string
  reload(): void
}

/** Loads something when the screen opens, and again when `keys` change. */
export function useLoad<T>(load: () => Promise<T>, keys: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<{ data?: T; problem: string }>({ problem: '' })
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    let current = true
    load().then(
      data => current && setState({ data, problem: '' }),
      error => current && setState({ problem: messageOf(error) }),
    )
    return () => {
      current = false
    }
  }, [turn, ...keys])
  return { data: state.data, problem: state.problem, reload: () => setTurn(n => n + 1) }
}

export function Problem({ text }: { readonly text: string }) {
  return text === '' ? null : (
    <p class="problem" role="alert">
      {text}
    </p>
  )
}

interface ActionProps {
  readonly label: string
  /** The question that is asked first. Without it nothing is asked. */
  readonly ask?: string
  readonly danger?: boolean
  readonly disabled?: boolean
  /** Resolves with a sentence about what was done. */
  run(): Promise<string>
}

/**
 * A button that does something: asks first where that cannot be undone, shows that it runs, says what it did.
 */
export function Action({ label, ask, danger = false, disabled = false, run }: ActionProps) {
  const [busy, setBusy] = useState(false)
  const dialog = useRef<HTMLDialogElement>(null)
  const perform = async () => {
    dialog.current?.close()
    setBusy(true)
    try {
      say(await run())
    } catch (error) {
      say(`${label}: ${messageOf(error)}`, true)
    }
    setBusy(false)
  }
  return (
    <>
      <button
        type="button"
        class={danger ? 'danger' : ''}
        disabled={busy || disabled}
        aria-busy={busy}
        onClick={() => (ask === undefined ? perform() : dialog.current?.showModal())}
      >
        {busy ? `${label} …` : label}
      </button>
      {ask !== undefined && (
        <dialog ref={dialog} aria-label={label}>
          <p>{ask}</p>
          <div class="row">
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
            <button type="button" class="danger" onClick={perform}>
              {label}
            </button>
          </div>
        </dialog>
      )}
    </>
  )
}

interface FieldProps {
  readonly name: string
  readonly label: string
  readonly type?: 'text' | 'number' | 'url' | 'date'
  readonly value?: string
  readonly required?: boolean
  readonly options?: readonly string[]
  /** Several lines. */
  readonly long?: boolean
}

function Field({ name, label, type = 'text', value = '', required = false, options, long }: FieldProps) {
  const id = useId()
  const control = { id, name, required }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {options !== undefined ? (
        <select {...control}>
          {options.map(option => (
            <option key={option} selected={option === value}>
              {option}
            </option>
          ))}
        </select>
      ) : long === true ? (
        <textarea {...control} rows={3} />
      ) : type === 'date' ? (
        <input {...control} type="date" defaultValue={value} />
      ) : (
        <input
          {...control}
          type="text"
          inputMode={type === 'number' ? 'numeric' : type}
          pattern={type === 'number' ? '[0-9]+' : undefined}
          defaultValue={value}
        />
      )}
    </div>
  )
}

interface FormProps {
  readonly fields: readonly FieldProps[]
  readonly submit: string
  /** Whether the fields keep what was entered: a filter does. */
  readonly keepsValues?: boolean
  /** Resolves with a sentence about what was done. */
  run(values: Readonly<Record<string, string>>): Promise<string>
}

/** A form of a few fields. */
export function Form({ fields, submit, keepsValues = false, run }: FormProps) {
  const [busy, setBusy] = useState(false)
  const onSubmit = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const values = Object.fromEntries(
      [...new FormData(form)].map(([name, value]) => [name, String(value).trim()]),
    )
    setBusy(true)
    try {
      say(await run(values))
      if (!keepsValues) form.reset()
    } catch (error) {
      say(`${submit}: ${messageOf(error)}`, true)
    }
    setBusy(false)
  }
  return (
    <form class="row" onSubmit={onSubmit}>
      {fields.map(({ name, label, value = '', ...field }) => (
        <Field key={name} name={name} label={label} value={value} {...field} />
      ))}
      <button type="submit" disabled={busy} aria-busy={busy}>
        {submit}
      </button>
    </form>
  )
}

export interface Column<Row> {
  readonly title: string
  readonly numeric?: boolean
  cell(row: Row): ComponentChildren
}

interface TableProps<Row> {
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[] | undefined
  readonly empty?: string
}

export function Table<Row>({ caption, columns, rows, empty = 'Nothing yet.' }: TableProps<Row>) {
  if (rows === undefined) return <p class="loading">Loading …</p>
  if (rows.length === 0) return <p class="empty">{empty}</p>
  return (
    // Without a pointer a wide table can be scrolled only if it can have the focus.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
    <section class="table" aria-label={caption} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map(({ title, numeric }) => (
              <th key={title} scope="col" class={numeric ? 'numeric' : ''}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>
              {columns.map(({ title, numeric, cell }) => (
                <td key={title} class={numeric ? 'numeric' : ''}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

interface PagedTableProps<Row> extends Omit<TableProps<Row>, 'rows'> {
  /** The list, from its start. */
  list(): Pages<Row>
  readonly keys: readonly unknown[]
  /** false: the list has no total, and its pages may be empty before the last one. */
  readonly isCounted?: boolean
}

/** A list of the API, a page at a time. */
export function PagedTable<Row>({ list, keys, isCounted = true, ...table }: PagedTableProps<Row>) {
  const [pages, setPages] = useState<readonly Page<Row>[]>([])
  const first = useLoad(() => list().page(), keys)
  useEffect(() => setPages(first.data === undefined ? [] : [first.data]), [first.data])
  const last = pages.at(-1)
  const shown = pages.flatMap(({ items }) => items)
  const more = async () => {
    try {
      const next = await list().page(last?.cursor)
      setPages([...pages, next])
    } catch (error) {
      say(messageOf(error), true)
    }
  }
  return (
    <>
      <Problem text={first.problem} />
      <Table {...table} rows={first.data === undefined && first.problem === '' ? undefined : shown} />
      {last !== undefined && (shown.length > 0 || last.cursor !== '') && (
        <p class="more">
          {formatNumber(shown.length)}
          {isCounted && ` of ${formatNumber(Math.max(last.total, shown.length))}`}
          {last.cursor !== '' && (
            <button type="button" onClick={more}>
              More
            </button>
          )}
        </p>
      )}
    </>
  )
}

/** Names and values. */
export function Facts({ facts }: { readonly facts: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** A line of the latest values; the title says it in words. */
export function Sparkline({ values, title }: { readonly values: readonly number[]; readonly title: string }) {
  const most = Math.max(...values, 1e-9)
  const points = values.map(
    (value, i) => `${(i * 100) / Math.max(values.length - 1, 1)},${29 - (28 * value) / most}`,
  )
  return (
    <svg class="spark" viewBox="0 0 100 30" preserveAspectRatio="none" role="img" aria-label={title}>
      <polyline points={points.join(' ')} />
    </svg>
  )
}

/** A secret that is shown once: to be copied. */
export function Secret({ label, value }: { readonly label: string; readonly value: string }) {
  return value === '' ? null : (
    <p class="secret">
      <strong>{label}</strong> It is shown here and never again. <code>{value}</code>{' '}
      <button type="button" onClick={() => navigator.clipboard.writeText(value).then(() => say('Copied.'))}>
        Copy
      </button>
    </p>
  )
}
