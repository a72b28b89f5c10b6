import type { Kind, Parameter } from './examples.ts'

/** A value, and the codes that may answer it. */
export interface Tried {
  /** undefined: not sent at all. */
  readonly value: unknown
  readonly codes: readonly number[]
}

const largest = 2 ** 53 - 1
const long = '9'.repeat(10_000)

/** What is no decimal integer, however it is read. */
const noNumbers = [
  '12abc',
  'abc',
  ' 7',
  '7 ',
  '\t7',
  '7\n',
  '1.5',
  '1e3',
  '1e20',
  '0x10',
  '0b1',
  '+7',
  '--7',
  '1_000',
  '1,000',
  'NaN',
  'Infinity',
  '-Infinity',
  'null',
  'true',
  '[1]',
  '{}',
  '٣',
  '７',
  '😀',
  '\u0000',
  '7\u0000',
  long,
  '9007199254740992',
  '-9007199254740992',
  "1' OR '1'='1",
]
const noNumberValues = [
  1.5,
  -1.5,
  1e20,
  -1e20,
  2 ** 53,
  -(2 ** 53),
  1e-7,
  5e-324,
  Number.MAX_VALUE,
  true,
  false,
  {},
  [],
  [1],
  { a: 1 },
  [[1]],
]
const noBooleans = [
  'yes',
  'no',
  'on',
  'off',
  '2',
  '-1',
  ' true',
  'true ',
  'tru',
  '0x1',
  '1.0',
  '😀',
  '\u0000',
  'null',
  long,
]
const noBooleanValues = [2, -1, 0.5, 1e20, {}, [], [true], { a: true }]
const noTexts = [5, 0, 1.5, true, false, {}, [], ['a'], { a: 'a' }, [[]]]
const halves = ['\ud800', 'a\udc00', '\udc00\ud800']
const controls = ['\u0000', 'a\u0000b', 'a\nb', '\t', '\u007f', '\u0085']
const noLists = [
  {},
  true,
  false,
  { length: 1 },
  { 0: 1 },
  [null],
  [1.5],
  ['a'],
  [-1],
  [0],
  [[1]],
  [{}],
  [true],
  [2 ** 53],
  ['12abc'],
  [' 7'],
  [1, 'x'],
  [1e20],
  'abc',
  '1,x',
  '1;2',
  ',',
  '1,,2',
  '😀',
  '\u0000',
]

const refused = (values: readonly unknown[], ...codes: number[]): Tried[] =>
  values.map(value => ({ value, codes: [10002, ...codes] }))
const anyway = (values: readonly unknown[]): Tried[] => values.map(value => ({ value, codes: [] }))
const ids = (count: number) => Array.from({ length: count }, (_, i) => 30_000_000 + i)

/** Wrong whatever one thinks of it. `undefined` stands for: missing. */
export function badValues({ kind, required, name }: Parameter): Tried[] {
  // Text of any kind may be a token; only what is no text is wrong before it is looked at.
  const missing = required ? refused([undefined]) : []
  // Only a required one must not be null: what an optional null means is open.
  const none = required && kind.is !== 'anything' ? refused([null]) : []
  return [...missing, ...none, ...badOf(kind, required, name)]
}

function badOf(kind: Kind, required: boolean, name: string): Tried[] {
  switch (kind.is) {
    case 'integer': {
      const more = kind.code === undefined ? [] : [kind.code]
      const outside = kind.bad.flatMap(n => (Number.isInteger(n) ? [n, String(n)] : [n]))
      return [
        ...refused([...noNumbers, ...noNumberValues, ...(required ? [''] : [])], ...more),
        ...refused(outside, ...more),
      ]
    }
    case 'boolean':
      return refused([...noBooleans, ...noBooleanValues, ...(required ? [''] : [])])
    case 'text':
      return refused([
        ...noTexts,
        ...halves,
        ...(kind.control ? [] : controls),
        'x'.repeat(kind.max + 1),
        '😀'.repeat(kind.max + 1),
        // A query must stay below what servers take in a line; a body need not.
        'x'.repeat(10_000),
        ...(kind.empty || name !== 'value' ? [] : ['']),
      ])
    case 'token':
      return refused(
        [
          ...noTexts,
          ...halves,
          'x',
          '.',
          '..',
          'a.b',
          'a.b.c',
          '1.1',
          '😀',
          '\u0000',
          'x'.repeat(10_000),
          '../../etc/passwd',
          ' ',
          '0',
        ],
        kind.code,
      )
    case 'ids':
      return refused([...noLists, ids(kind.max + 1), ids(20_000), ...(kind.empty ? [] : [[]])])
    case 'structured':
      return refused(['x', 1, true, {}, [1], ['x'], [null], [[1]], [[1, 2, 3]]])
    case 'loose ids':
    case 'anything':
      return []
  }
}

/** At the limits, and still fine. */
export function goodValues({ kind }: Parameter): Tried[] {
  switch (kind.is) {
    case 'integer':
      return anyway(kind.good.flatMap(n => [n, String(n)]))
    case 'boolean':
      return anyway([true, false, 0, 1, '0', '1', 'true', 'false'])
    case 'text':
      return []
    case 'token':
    case 'structured':
      return []
    case 'ids':
      return anyway([ids(1), ids(kind.max), ids(kind.max).map(String)])
    case 'loose ids':
      return anyway([ids(500), [null, 'x', {}, [], -1, 1.5, 1e20]])
    case 'anything':
      return anyway([0, '', 'x', -1, 1.5, null, {}, [], true, '😀'])
  }
}

/** May be taken or refused; must do no harm. */
export function curiousValues({ kind, required }: Parameter): Tried[] {
  const forAll = [
    null,
    '',
    undefined,
    'undefined',
    '__proto__',
    'constructor',
    { __proto__: null, a: 1 },
    '%00',
    '$' + '{x}',
    '{{x}}',
    '-0',
    -0,
    '007',
    '1.0',
    '00',
  ]
  const values = required ? forAll : [...forAll, [], {}, true, 1.5]
  if (kind.is === 'text')
    return anyway([...values, '\u202e', '\ufeff', '\uffff', '\r\n', '😀'.repeat(64), 'null'])
  if (kind.is === 'ids' || kind.is === 'loose ids')
    return anyway([
      ...values,
      5,
      '5',
      '5,6',
      'x',
      [[], {}, null],
      Array(1000).fill(5),
      { length: 2 ** 32 },
      ids(501),
    ])
  return anyway([...values, largest, 'TRUE', 'True', '٣'])
}
