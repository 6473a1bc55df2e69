import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestCell } from '../../../tests/law/notebook-file';
import { CellAnalyser } from '../../python/analyser';
import { loadParser } from '../../python/parser';
import type { StepGraph } from '../types';
import { graphOf } from './graph-of';

let analyser: CellAnalyser;
beforeAll(async () => {
  analyser = new CellAnalyser(await loadParser());
});

function ancestors(graph: StepGraph, step: string): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (name: string) => {
    for (const { from, to } of graph.edges) {
      if (to === name && !found.has(from)) {
        found.add(from);
        visit(from);
      }
    }
  };
  visit(step);
  return found;
}

const steps = (...sources: string[]) =>
  sources.map((source, index) => ({ tags: [`step:s${index + 1}`], source }));

const cases = JSON.parse(
  readFileSync(join(__dirname, '../../../tests/conformance/untagged-edges.json'), 'utf-8')
) as { id: string; cells: TestCell[]; needs: Record<string, string[]> }[];

test.each(cases.map(each => [each.id, each] as const))('edges of %s', (_, each) => {
  const graph = graphOf(each.cells, analyser);
  for (const [step, needs] of Object.entries(each.needs)) {
    expect([...ancestors(graph, step)]).toEqual(expect.arrayContaining(needs));
  }
});

/** Notebooks whose last two steps must, or must not, wait for each other. */
const PARALLEL: readonly (readonly [
  what: string,
  cells: readonly TestCell[],
  parallel: boolean
])[] = [
  [
    'readers of a frame',
    steps('import pandas as pd\ndf = pd.DataFrame()', 'a = df.head()', 'b = df.describe()'),
    true
  ],
  [
    'own loop variables',
    steps('r = range(3)', 'for i in r: print(i)', 'for i in r: print(i)'),
    true
  ],
  ['a change and a reader', steps('xs = []', 'xs.append(1)', 'print(xs)'), false],
  ['a change through an alias', steps('xs = []\nys = xs', 'ys.append(1)', 'print(xs)'), false],
  [
    'a change through a container',
    steps('a = []\nb = []\nall = [a, b]', 'for each in all: each.append(1)', 'print(b)'),
    false
  ],
  [
    'draws without a seed',
    steps('import random', 'x = random.random()', 'y = random.random()'),
    true
  ],
  [
    'draws after a seed',
    steps('import random\nrandom.seed(1)', 'x = random.random()', 'y = random.random()'),
    false
  ],
  ['two files', steps('x = 1', 'open("a", "w")', 'open("b", "w")'), true],
  ['one file', steps('x = 1', 'open("a", "w")', 'print(open("a").read())'), false],
  ['an unknown file', steps('x = "a"', 'open(x + "b", "w")', 'print(open("a").read())'), false],
  [
    'a method that only looks',
    steps('class C:\n    def look(self): return 1\nc = C()', 'c.look()', 'c.look()'),
    true
  ],
  [
    'a method that changes',
    steps('class C:\n    def grow(self): self.n = 1\nc = C()', 'c.grow()', 'c.grow()'),
    false
  ],
  [
    'a function that changes its argument',
    steps('def f(z): z.append(1)\nxs = []', 'f(xs)', 'print(xs)'),
    false
  ]
];

test.each(PARALLEL)('%s', (_, cells, parallel) => {
  expect(!ancestors(graphOf(cells, analyser), 's3').has('s2')).toBe(parallel);
});

test('the ten-cell example has the edges of its study', () => {
  const notebook = JSON.parse(
    readFileSync(join(__dirname, '../../../examples/intel-lab.ipynb'), 'utf-8')
  ) as { cells: { cell_type: string; source: string; metadata: { tags?: string[] } }[] };
  const graph = graphOf(
    notebook.cells
      .filter(cell => cell.cell_type === 'code')
      .map(cell => ({ source: cell.source, tags: cell.metadata.tags ?? [] })),
    analyser
  );
  expect(graph.diagnostics).toEqual([]);
  const before = (step: string) => [...ancestors(graph, step)];
  expect(before('plot')).toEqual(['preprocessing']);
  expect(before('createdict')).toEqual([]);
  expect(before('dnncompile')).toEqual(['preprocessing']);
  expect(before('dnnfit')).toEqual(expect.arrayContaining(['preprocessing', 'dnncompile']));
  expect(before('dnneval')).toEqual(expect.arrayContaining(['dnnfit', 'createdict']));
  expect(before('dnnpredict')).not.toContain('dnneval');
  expect(before('dnnpredictsummary')).toEqual(expect.arrayContaining(['dnnpredict']));
});
