import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CATALOGUE } from '../catalogue';
import { closest } from '../closest';
import { diagnosticPages } from '../pages';

const ROOT = join(__dirname, '../../..');

test('the pages in docs/diagnostics are those of the catalogue', () => {
  const folder = join(ROOT, 'docs/diagnostics');
  const there = Object.fromEntries(
    readdirSync(folder).map(name => [name, readFileSync(join(folder, name), 'utf-8')])
  );
  expect(there).toEqual(diagnosticPages());
});

test('every code in the sources is in the catalogue, and every code of the catalogue in the sources', () => {
  const used = new Set(
    readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf-8' })
      .filter(name => /\.(ts|py)$/.test(name) && !/diagnostics|__tests__|tests/.test(name))
      .flatMap(name => readFileSync(join(ROOT, 'src', name), 'utf-8').match(/\bNP\d{3}\b/g) ?? [])
  );
  expect([...used].sort()).toEqual(Object.keys(CATALOGUE).sort());
});

test.each([
  ['pre', 'prev'],
  ['setp', 'step'],
  ['lod', 'load'],
  ['modle', 'model'],
  ['xyz', undefined],
  ['prev', undefined]
])('closest to %s: %s', (word, expected) => {
  expect(
    closest(
      word,
      ['prev', 'step', 'load', 'model'].filter(each => each !== word)
    )
  ).toBe(expected);
});
