import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { pythonFromJson, pythonText } from '../literal';
import { bindParameters } from '../parameters';

const PYTHON = process.env.NOTEPOD_TEST_PYTHON ?? join(__dirname, '../../../.venv/bin/python');

const span = { cell: 0, line: 1, column: 0, endLine: 1, endColumn: 5 };
const bind = (type: string, text: string) =>
  bindParameters([{ name: 'p', type, value: null, span }], new Map([['p', text]]));

/** What is given, and the Python literal that it becomes. */
const GIVEN: readonly (readonly [type: string, text: string, literal: string])[] = [
  ['int', '5', '5'],
  ['int', ' +007 ', '7'],
  ['int', '-3', '-3'],
  ['int', '12345678901234567890', '12345678901234567890'],
  ['float', '1', '1.0'],
  ['float', '-01', '-1.0'],
  ['float', '0.1000000000000000055', '0.1000000000000000055'],
  ['float', '1e-3', '1e-3'],
  ['float', '+.5', '.5'],
  ['bool', 'True', 'True'],
  ['bool', 'false', 'False'],
  ['str', '', '""'],
  ['str', '5', '"5"'],
  ['str', 'a"b\\\n', '"a\\"b\\\\\\n"'],
  ['list', '[1.0, 2, true]', '[1.0, 2, True]'],
  ['dict', '{"true": null}', '{"true": None}'],
  ['None', '3', '3'],
  ['None', 'three', '"three"'],
  ['None', '12345678901234567890', '12345678901234567890']
];

test.each(GIVEN)('%s: %s becomes %s', (type, text, literal) => {
  const { parameters, diagnostics } = bind(type, text);
  expect(diagnostics).toEqual([]);
  expect(parameters[0].literal).toBe(literal);
});

test.each([
  ['int', 'five'],
  ['int', '1.5'],
  ['int', ''],
  ['int', '0x10'],
  ['float', 'x'],
  ['float', 'nan'],
  ['float', '1e999'],
  ['float', ''],
  ['bool', '1'],
  ['bool', 'yes'],
  ['list', '3'],
  ['list', '{}'],
  ['list', '[1,'],
  ['dict', '[1]'],
  ['dict', 'null']
])('%s: %s is refused', (type, text) => {
  const { parameters, diagnostics } = bind(type, text);
  expect(diagnostics.map(each => each.code)).toEqual(['NP402']);
  expect(parameters[0].literal).toBeUndefined();
});

test('a parameter that was not given has no literal; an unknown one is said', () => {
  const declared = [{ name: 'epochs', type: 'int', value: 3, span }];
  const { parameters, diagnostics } = bindParameters(declared, new Map([['epoch', '5']]));
  expect(parameters).toEqual([{ name: 'epochs', type: 'int', value: 3 }]);
  expect(diagnostics[0]).toMatchObject({ code: 'NP401', fix: 'use -p epochs=…' });
});

test('Python reads a literal as it reads the JSON or the text', () => {
  const values = [
    ...fc.sample(fc.jsonValue(), 300),
    ...fc.sample(fc.string({ unit: 'binary' }), 300),
    '\u2028\ud800 😀\u007f'
  ];
  const cases = values.map(value => {
    const json = JSON.stringify(value, null, 1);
    return [json, typeof value === 'string' ? pythonText(value) : pythonFromJson(json)];
  });
  const check =
    'import ast, json, sys\n' +
    'print(sum(repr(ast.literal_eval(literal)) != repr(json.loads(text)) for text, literal in json.load(sys.stdin)))';
  const wrong = execFileSync(PYTHON, ['-c', check], { input: JSON.stringify(cases) });
  expect(wrong.toString().trim()).toBe('0');
});
