import fc from 'fast-check';
import { parse } from 'yaml';
import { compileDocument, type ArgoForm } from '../argo';
import { argoYaml } from '../argo-yaml';
import type { JsonObject } from '../types';
import { sourcesOf } from './sources-of';

const sources = sourcesOf({ load: ['retry:2'], fit_: ['prev:load'] });
const forms: readonly ArgoForm[] = [
  { as: 'workflow', namespace: 'team' },
  { as: 'template' },
  { as: 'cron', schedule: '0 6 * * 1-5', timezone: 'Europe/Berlin' }
];

test.each(forms)('reads as the document that it was made of: $as', form => {
  const document = compileDocument(sources, form);
  const text = argoYaml(document, sources, form);
  expect(parse(text, { version: '1.1' })).toEqual(document);
  expect(parse(text, { version: '1.2' })).toEqual(document);
  expect(argoYaml(document, sources, form)).toBe(text);
  expect(text).not.toContain('%YAML');
});

test('says what is what', () => {
  const comments = argoYaml(compileDocument(sources, forms[0]), sources, forms[0])
    .split('\n')
    .filter(line => /^ *#/.test(line))
    .map(line => line.trim());
  expect(comments[0]).toBe(
    '# The notebook test.ipynb as a pipeline of 2 steps, made by `notepod compile`.'
  );
  expect(comments).toEqual(
    expect.arrayContaining(['# Step load: cell 1', '# Step fit_: cell 2; after load'])
  );
});

// What YAML 1.1, which Kubernetes' tools read, makes something else of, and what tools have stumbled over.
const HARD = [
  ...['yes', 'No', 'on', 'y', 'n', '~', 'null', '', ' ', '=', '<<', '-', '- a', '? a', ': a', '#a'],
  ...['012', '0o7', '0x1f', '1_000', '1:30', '1e3', '.inf', '.NaN', '2001-01-01', '+1', '0b1'],
  ...[
    '{{workflow.name}}',
    '{a: b}',
    '[a]',
    '$(HOME)',
    '&a',
    '*a',
    '!a',
    '%a',
    '@a',
    '`a',
    '|',
    '>'
  ],
  ...[
    'a: b',
    'a #b',
    'a\nb',
    'a\n',
    '\na',
    ' a',
    'a ',
    'a\tb',
    '\ta',
    'a\r\nb',
    '---',
    '...',
    'a\n---\nb'
  ],
  ...[
    '\u0000',
    '\u0007',
    '\u0085',
    'a\u2028b',
    'a\u2029\nb',
    '\ufeffa',
    '\u007f',
    '\ufffe',
    '\u00a0'
  ],
  ...[
    '"',
    "'",
    '\\',
    '\\n',
    '"\'\\',
    '\\u0085',
    'ä😀',
    '日本\n 語',
    'x'.repeat(300),
    `${'x '.repeat(200)}\n  y`
  ]
];

const reads = (value: string) => {
  const document = {
    metadata: { annotations: { [value === '<<' ? 'k' : value]: value } },
    spec: { list: [value, { value }] }
  } as JsonObject;
  const text = argoYaml(document, sources, forms[0]);
  expect(parse(text, { version: '1.1' })).toEqual(document);
  expect(parse(text, { version: '1.2' })).toEqual(document);
  // go-yaml takes these for the end of a line.
  expect(text).not.toMatch(/[\u0085\u2028\u2029]/);
};

test.each(HARD.map(each => [JSON.stringify(each), each]))('keeps the text %s', (_, value) =>
  reads(value)
);

test('keeps any text', () => {
  const piece = fc.oneof(fc.constantFrom(...HARD), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 4 }).map(pieces => pieces.join('')),
      reads
    )
  );
});

test('a name of a notebook cannot end its comment', () => {
  const odd = sourcesOf({ a: [] }, { notebook: 'a\nb: c\u2028d.ipynb' });
  const document = compileDocument(odd, forms[0]);
  expect(parse(argoYaml(document, odd, forms[0]), { version: '1.1' })).toEqual(document);
});
