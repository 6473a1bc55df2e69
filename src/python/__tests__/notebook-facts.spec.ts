import fc from 'fast-check';
import { CellAnalyser } from '../analyser';
import { NotebookFacts } from '../notebook-facts';
import { loadParser } from '../parser';

/** Cells that tell others something, and cells to which that means something. */
const CELLS = [
  'import numpy as np',
  'import random as np',
  'np = 3',
  'np.random.seed(1)',
  'x = np.random.normal()',
  'from random import shuffle',
  'shuffle(rows)',
  'draw = np.random.rand',
  'draw()',
  'import matplotlib.pyplot as plt\nfig, ax = plt.subplots()',
  'ax.plot(rows)',
  'rows.plot()',
  'def keep(v):\n    return v',
  'def keep(v):\n    return [1]',
  'y = keep(rows)',
  'keep = print',
  'class C:\n    def give(self):\n        return self.rows',
  'z = C().give()',
  'from math import *\nsqrt(2)',
  'ﬁx = np',
  'fix = 1\nfix.append(2)',
  ''
];

let analyser: CellAnalyser;
beforeAll(async () => {
  analyser = new CellAnalyser(await loadParser());
});

const asMap = (sources: readonly string[]) =>
  new Map(sources.map((source, index) => [index, source]));

test('after any edits the facts are those of a notebook that is looked at for the first time', () => {
  const notebooks = fc.array(fc.array(fc.constantFrom(...CELLS), { maxLength: 6 }), {
    minLength: 2,
    maxLength: 6
  });
  fc.assert(
    fc.property(notebooks, edits => {
      const facts = new NotebookFacts(analyser);
      for (const sources of edits) {
        const cold = new NotebookFacts(analyser).of(asMap(sources));
        expect(facts.of(asMap(sources))).toEqual(cold);
      }
    }),
    { numRuns: 150 }
  );
});

test('a cell about which nothing changed keeps its facts', () => {
  const facts = new NotebookFacts(analyser);
  const before = facts.of(asMap(['import numpy as np', 'np.random.seed(1)', 'x = 1']));
  const after = facts.of(asMap(['import numpy as np', 'np.random.seed(1)', 'x = 2']));
  expect([0, 1, 2].map(cell => after.get(cell) === before.get(cell))).toEqual([true, true, false]);
});
