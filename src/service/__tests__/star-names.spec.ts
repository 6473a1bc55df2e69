import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PYTHON } from '../../../tests/law/command';
import { loadParser } from '../../python/parser';
import { findStarNames, starModules } from '../star-names';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'notepod-stars-'));
  writeFileSync(
    join(folder, 'plain.py'),
    'import os\n_hidden = 1\ndef shown(): pass\nraise SystemExit'
  );
  writeFileSync(join(folder, 'listed.py'), '__all__ = ["_given"]\n_given = other = 1\n');
  writeFileSync(join(folder, 'starred.py'), 'from string import *\nown = 1\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const namesOf = async (module: string, python: string | undefined) => {
  const found = await findStarNames([module], python, folder, await loadParser());
  return found.get(module);
};

test.each([
  ['from math import *', ['math']],
  ['x = 1\n  from a.b import (*)', ['a.b']],
  ['from os import path\n# from c import *', []],
  ['from a import *; from a import *\nfrom  d\timport\t*', ['a', 'd']]
])('%j imports all of %j', (source, modules) => {
  expect(starModules([source])).toEqual(modules);
});

test('an installed module says what it gives, and where a function comes from', async () => {
  const names = await namesOf('numpy.random', PYTHON);
  expect(names).toContainEqual({ name: 'seed', module: 'numpy.random', attribute: 'seed' });
  const ofPylab = await namesOf('pylab', PYTHON);
  expect(ofPylab).toContainEqual({ name: 'rand', module: 'numpy.random', attribute: 'rand' });
  expect(ofPylab).toContainEqual({ name: 'np', module: 'numpy' });
  expect(ofPylab).toContainEqual({ name: 'plot', module: 'matplotlib.pyplot', attribute: 'plot' });
});

test.each([
  ['plain', ['os', 'shown']],
  ['listed', ['_given']]
])('%s, beside the notebook, is read and not run', async (module, names) => {
  expect((await namesOf(module, undefined))?.map(each => each.name)).toEqual(names);
});

test('a module beside the notebook with star imports of its own is asked', async () => {
  expect((await namesOf('starred', PYTHON))?.map(each => each.name)).toContain('ascii_letters');
  expect(await namesOf('starred', undefined)).toBeUndefined();
});

test.each([
  ['a module that is not there', 'nowhere', PYTHON],
  ['no Python', 'string', undefined],
  ['a Python that does not run', 'string', '/nowhere/python']
])('%s: the names are not known', async (_, module, python) => {
  const found = await findStarNames([module], python, folder, await loadParser());
  expect(found.has(module)).toBe(false);
});
