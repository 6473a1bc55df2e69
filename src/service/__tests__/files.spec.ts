import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { notebookText } from '../../../tests/law/notebook-file';
import { buildStepGraph } from '../../dataflow/graph';
import { parseNotebook } from '../../notebook/read';
import { cutIntoSteps } from '../../notebook/steps';
import { CellAnalyser } from '../../python/analyser';
import { NotebookFacts } from '../../python/notebook-facts';
import { loadParser } from '../../python/parser';
import { findFiles, type FoundFiles } from '../files';

let analyser: CellAnalyser;
let folder: string;
beforeAll(async () => {
  analyser = new CellAnalyser(await loadParser());
  folder = mkdtempSync(join(tmpdir(), 'notepod-'));
  writeFileSync(join(folder, 'there.bin'), 'x');
});
afterAll(() => rmSync(folder, { recursive: true }));

function filesOf(...sources: readonly string[]): FoundFiles {
  const parsed = parseNotebook(
    notebookText(sources.map((source, index) => ({ source, tags: [`step:s${index}`] })))
  );
  const facts = new NotebookFacts(analyser).of(
    new Map(parsed.cells.map(cell => [cell.index, cell.source]))
  );
  const notebook = cutIntoSteps(parsed, () => false);
  return findFiles(folder, notebook, buildStepGraph(notebook, facts), analyser);
}

const MISSING: readonly (readonly [string, string | undefined])[] = [
  ['x = 1', 'no cell writes it'],
  ["open('o.txt', 'w')", undefined],
  ["import shutil\nshutil.copy('g', 'o.txt')", undefined],
  ["import numpy as np\nnp.save('o', [1])", undefined],
  ['import os\nos.system(command)', 'only `os.system(command)` (cell 1) may write it'],
  ["open('other.txt', 'w')", 'no cell writes it']
];

test.each(MISSING)('after `%s`, a missing file', (before, words) => {
  const { diagnostics } = filesOf(before, "print(open('o.txt').read())");
  const found = diagnostics.filter(each => each.code === 'NP411').map(each => each.message);
  expect(found.filter(each => each.includes('`o.txt`'))).toEqual(
    words === undefined ? [] : [expect.stringContaining(words)]
  );
});

test('a file beside the notebook travels whatever function is handed its name', () => {
  const { found, diagnostics } = filesOf("import somelib\nsomelib.work('there.bin', 'not/there')");
  expect(found.map(each => each.path)).toEqual(['there.bin']);
  expect(diagnostics).toEqual([]);
});
