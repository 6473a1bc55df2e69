import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { WorkCopy } from '../work-copy';

let top: string;

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'notepod-test-'));
  mkdirSync(join(top, 'data'));
  writeFileSync(join(top, 'data/points.csv'), '1,2\n');
  mkdirSync(join(top, 'work/deep'), { recursive: true });
  writeFileSync(join(top, 'work/deep/own.txt'), 'own');
});

afterEach(() => rmSync(top, { recursive: true, force: true }));

test('what a run writes stays in the copy, and goes with it', () => {
  const copy = new WorkCopy(join(top, 'work/deep'), ['x = [1, ...]']);
  writeFileSync(join(copy.folder, 'own.txt'), 'changed');
  expect(readFileSync(join(top, 'work/deep/own.txt'), 'utf-8')).toBe('own');
  copy.dispose();
  expect(existsSync(copy.folder)).toBe(false);
});

test('folders above are there as far up as the notebook looks', () => {
  const copy = new WorkCopy(join(top, 'work/deep'), ["open('../../data/points.csv')"]);
  expect(basename(copy.folder)).toBe('deep');
  expect(readFileSync(join(copy.folder, '../../data/points.csv'), 'utf-8')).toBe('1,2\n');
  copy.dispose();
  expect(existsSync(join(top, 'data/points.csv'))).toBe(true);
});
