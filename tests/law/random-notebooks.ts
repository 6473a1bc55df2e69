import fc from 'fast-check';
import type { TestCell } from './notebook-file';

/** Names that the random notebooks use: few, so that cells meet. */
const NUMBERS = ['n', 'm', 'k'] as const;
const LISTS = ['xs', 'ys'] as const;
const DICTS = ['d', 'e'] as const;
const OBJECTS = ['o', 'p'] as const;

const number = fc.constantFrom(...NUMBERS);
const list = fc.constantFrom(...LISTS);
const dict = fc.constantFrom(...DICTS);
const object = fc.constantFrom(...OBJECTS);
const any = fc.constantFrom(...NUMBERS, ...LISTS, ...DICTS, ...OBJECTS);
const digit = fc.integer({ min: 0, max: 9 });

const expression: fc.Arbitrary<string> = fc.oneof(
  digit.map(String),
  number,
  fc.tuple(number, digit).map(([a, b]) => `${a} + ${b}`),
  list.map(a => `len(${a})`),
  list.map(a => `sum(v for v in ${a} if isinstance(v, int))`),
  dict.map(a => `len(${a})`),
  fc.tuple(dict, digit).map(([a, b]) => `${a}.get(${b}, -1)`),
  object.map(a => `${a}.v`),
  digit.map(a => `f(${a})`),
  digit.map(a => `g(${a})`)
);

/** One statement, perhaps of several lines, that is valid whatever came before it (every name has a value from the first cell). */
const statement: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(number, expression).map(([a, e]) => `${a} = ${e}`),
  fc.tuple(number, digit).map(([a, b]) => `${a} += ${b}`),
  fc.tuple(list, expression).map(([a, e]) => `${a}.append(${e})`),
  fc.tuple(list, list).map(([a, b]) => `${a} = ${b}`),
  fc.tuple(list, expression).map(([a, e]) => `${a} = [${e}]`),
  fc
    .tuple(list, list)
    .map(([a, b]) => `${a}.append(${b}) if ${a} is not ${b} and len(${a}) < 6 else None`),
  fc.tuple(list, digit).map(([a, b]) => `${a}[:] = [${b}]`),
  fc.tuple(dict, digit, expression).map(([a, k, e]) => `${a}[${k}] = ${e}`),
  fc.tuple(dict, digit, list).map(([a, k, b]) => `${a}[${k}] = ${b}`),
  fc.tuple(dict, dict).map(([a, b]) => `${a} = ${b}`),
  fc.tuple(list, list, digit).map(([a, b, c]) => `${a} = ${b} = [${c}]`),
  fc.tuple(dict, digit).map(([a, k]) => `${a}.pop(${k}, None)`),
  fc.tuple(object, expression).map(([a, e]) => `${a}.v = ${e}`),
  fc.tuple(object, expression).map(([a, e]) => `${a} = C(${e})`),
  fc.tuple(object, object).map(([a, b]) => `${a} = ${b}`),
  fc.tuple(object, list).map(([a, b]) => `${a}.items = ${b}`),
  fc.tuple(object, digit).map(([a, b]) => `${a}.add(${b})`),
  fc.tuple(list, digit).map(([a, b]) => `push(${a}, ${b})`),
  fc.tuple(number, expression).map(([a, e]) => `set_${a}(${e})`),
  digit.map(b => `def f(x):\n    return x + k + ${b}`),
  fc.tuple(number, digit).map(([a, b]) => `g = lambda x: x * ${a} + ${b}`),
  fc.tuple(number, expression, number).map(([a, e, b]) => `if ${a} > 4:\n    ${b} = ${e}`),
  fc
    .tuple(number, list, expression)
    .map(([a, b, e]) => `if ${a} % 2:\n    ${b}.append(${e})\nelse:\n    ${b} = []`),
  fc
    .tuple(list, number)
    .map(([a, b]) => `for i in ${a}:\n    ${b} = i if isinstance(i, int) else ${b}`),
  fc.tuple(list).map(([a]) => `for each in [${a}, list(${a})]:\n    each.append(1)`),
  fc.tuple(list, number).map(([a, b]) => `${a} = [v for v in range(${b} % 5)]`),
  fc
    .tuple(number, expression)
    .map(([a, e]) => `try:\n    ${a} = 1 // (${e})\nexcept Exception as err:\n    ${a} = 0`),
  fc.tuple(number, expression).map(([a, e]) => `tmp = ${e}\n${a} = tmp\ndel tmp`),
  fc.tuple(number, digit).map(([a, b]) => `(${a} := ${b})`),
  fc.constant('random.seed(3)'),
  number.map(a => `${a} = random.randrange(100)`),
  fc.tuple(list).map(([a]) => `random.shuffle(${a})`),
  fc.tuple(list, dict).map(([a, b]) => `pair = (${a}, ${b})`),
  digit.map(b => `pair[0].append(${b})`),
  any.map(a => `print('${a}', show(${a}))`)
);

/** What all cells can count on. */
const FIRST: TestCell = {
  tags: ['step:s0'],
  source: [
    'import random',
    'n, m, k = 1, 2, 3',
    'xs, ys = [1], [2]',
    'd, e = {}, {0: 1}',
    'class C:',
    '    def __init__(self, v):',
    '        self.v = v',
    '        self.items = []',
    '    def add(self, x):',
    '        self.items.append(x + k)',
    'o, p = C(1), C(2)',
    'pair = (xs, d)',
    'def f(x):',
    '    return x + k',
    'g = lambda x: x + n',
    'def push(target, x):',
    '    target.append(x)',
    'def set_n(x):',
    '    global n',
    '    n = x',
    'def set_m(x):',
    '    global m',
    '    m = x',
    'def set_k(x):',
    '    global k',
    '    k = x',
    'def show(x, depth=0):',
    '    if depth > 3:',
    "        return '...'",
    '    if isinstance(x, list):',
    '        return [show(v, depth + 1) for v in x[:8]]',
    '    if isinstance(x, dict):',
    '        return {a: show(b, depth + 1) for a, b in sorted(x.items())}',
    '    if isinstance(x, C):',
    '        return (show(x.v, depth + 1), show(x.items, depth + 1))',
    '    return x',
    'random.seed(1)'
  ].join('\n')
};

/** What is shown in the end, and which names are one object. */
const LAST = [
  'print(n, m, k, f(1), g(1))',
  "print(*[show(v) for v in (xs, ys, d, e, o, p, pair)], sep='\\n')",
  'print(xs is ys, d is e, o is p, pair[0] is xs, pair[1] is d, o.items is xs)'
].join('\n');

/**
 * Notebooks that print what they compute: assignments, changes in place, aliases, functions that read and set globals, a class,
 * branches, loops, deletions, seeds and draws, cut into steps of one to three cells; the code alone says which step needs which.
 */
export const randomNotebook: fc.Arbitrary<readonly TestCell[]> = fc
  .array(
    fc.record({
      statements: fc.array(statement, { minLength: 1, maxLength: 4 }),
      continues: fc.boolean()
    }),
    { minLength: 2, maxLength: 6 }
  )
  .map(cells => {
    let step = 0;
    const middle = cells.map(({ statements, continues }): TestCell => {
      step += continues && step > 0 ? 0 : 1;
      return { tags: [`step:s${step}`], source: statements.join('\n') };
    });
    return [FIRST, ...middle, { tags: ['step:last'], source: LAST }];
  });
