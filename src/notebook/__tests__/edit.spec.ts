import fc from 'fast-check';
import type { Diagnostic } from '../../diagnostics/types';
import {
  addPrev,
  applyTagEdits,
  clearOption,
  markCells,
  mergeSteps,
  moveIntoStep,
  removePrev,
  removeStep,
  renameStep,
  setOption,
  setStep,
  splitStep,
  TagEditError
} from '../edit';
import { recut, type CellTags } from '../keep-steps';
import { optionKey, readOption } from '../option-key';
import { readNotebookJson } from '../read';
import { cutIntoSteps } from '../steps';
import { readTag } from '../tags';
import type { Notebook } from '../types';

/** A cell of a test: its tags, or its tags with another source or type. */
type TestCell =
  | readonly string[]
  | { readonly tags: readonly string[]; readonly source?: string; readonly type?: string };

function notebookOf(cells: readonly TestCell[]): Notebook {
  const parsed = readNotebookJson({
    nbformat: 4,
    metadata: {},
    cells: cells.map(cell => {
      const { tags, source = 'x = 1', type = 'code' } = 'tags' in cell ? cell : { tags: cell };
      return { cell_type: type, source, metadata: { tags } };
    })
  });
  return cutIntoSteps(parsed, index => parsed.cells[index].source.startsWith('def'));
}

const DEF = { tags: [], source: 'def f(): pass' };
const EMPTY = { tags: [], source: '' };

/** Cells, what is done, and the tags that come of it. */
const CASES: readonly (readonly [
  what: string,
  cells: readonly TestCell[],
  edit: (notebook: Notebook) => CellTags,
  after: CellTags
])[] = [
  ['a step on a bare cell', [[], []], n => setStep(n, [0], 'a'), [['step:a'], []]],
  [
    'a step in the place of another, foreign tags stay',
    [['hide-input', 'step:a', 'x']],
    n => setStep(n, [0], 'b'),
    [['hide-input', 'step:b', 'x']]
  ],
  ['a step that is there already', [['block:a']], n => setStep(n, [0], 'a'), [['block:a']]],
  ['a step takes a mark away', [['imports']], n => setStep(n, [0], 'a'), [['step:a']]],
  ['no step on text', [{ tags: ['x'], type: 'markdown' }], n => setStep(n, [0], 'a'), [['x']]],
  [
    'a step taken away',
    [['step:a'], ['step:b', 'x']],
    n => removeStep(n, [1]),
    [['step:a'], ['x']]
  ],
  [
    'cells below stay where they are when one is moved',
    [['step:a'], [], [], ['step:b']],
    n => moveIntoStep(n, [1], 'b'),
    [['step:a'], ['step:b'], ['step:a'], ['step:b']]
  ],
  [
    'cells above the first tag keep the step that they were',
    [[], [], ['step:b']],
    n => moveIntoStep(n, [0], 'b'),
    [['step:b'], ['step:setup'], ['step:b']]
  ],
  [
    'definitions above the first tag stay definitions',
    [DEF, DEF, ['step:b']],
    n => moveIntoStep(n, [0], 'b'),
    [['step:b'], ['functions'], ['step:b']]
  ],
  [
    'a rename reaches block: and prev:',
    [['block:a'], ['step:b', 'prev:a'], ['step:a', 'retry:1']],
    n => renameStep(n, 'a', 'c'),
    [['block:c'], ['step:b', 'prev:c'], ['step:c', 'retry:1']]
  ],
  [
    'a rename of a step that no tag names',
    [[], ['step:b', 'prev:setup']],
    n => renameStep(n, 'setup', 'c'),
    [['step:c'], ['step:b', 'prev:c']]
  ],
  [
    'prev: goes to the first cell',
    [['step:a'], ['step:b'], []],
    n => addPrev(n, 'b', 'a'),
    [['step:a'], ['step:b', 'prev:a'], []]
  ],
  [
    'prev: that another cell has',
    [['step:a'], ['step:b'], ['prev:a']],
    n => addPrev(n, 'b', 'a'),
    [['step:a'], ['step:b'], ['prev:a']]
  ],
  [
    'prev: is taken from whichever cell has it',
    [['step:a'], ['step:b'], ['x', 'prev:a']],
    n => removePrev(n, 'b', 'a'),
    [['step:a'], ['step:b'], ['x']]
  ],
  [
    'an option replaces the one of its kind, wherever it stands',
    [['step:a'], ['limit:cpu:1', 'request:cpu:1', 'y']],
    n => setOption(n, 'a', 'request:cpu:2'),
    [['step:a'], ['limit:cpu:1', 'request:cpu:2', 'y']]
  ],
  [
    'an option mends a contradiction',
    [['step:a', 'retry:1'], ['retry:2']],
    n => setOption(n, 'a', 'retry:3'),
    [['step:a', 'retry:3'], []]
  ],
  [
    'an option is taken away',
    [['step:a', 'env:A=1', 'env:B=2'], ['env:A=1']],
    n => clearOption(n, 'a', 'env:A'),
    [['step:a', 'env:B=2'], []]
  ],
  [
    'a mark takes the step away, and the cells below stay in it',
    [['step:a'], ['step:b'], []],
    n => markCells(n, [1], 'skip'),
    [['step:a'], ['skip'], ['step:b']]
  ],
  [
    'a mark that is there already',
    [['parameters']],
    n => markCells(n, [0], 'parameters'),
    [['parameters']]
  ],
  [
    'a mark taken away',
    [['step:a'], ['skip', 'x']],
    n => markCells(n, [1], undefined),
    [['step:a'], ['x']]
  ],
  [
    'a split: both get the options, prev: stays',
    [['step:a', 'retry:1', 'prev:z'], ['env:A=1'], ['block:a']].map(each => each),
    n => splitStep(n, 1, 'b'),
    [['step:a', 'retry:1', 'prev:z', 'env:A=1'], ['env:A=1', 'step:b', 'retry:1'], ['block:b']]
  ],
  [
    'a merge: cells, options and prev: become the other step’s',
    [
      ['step:a', 'retry:1'],
      ['step:b', 'prev:a', 'image:i'],
      ['step:c', 'prev:a', 'prev:b'],
      ['step:d', 'prev:b']
    ],
    n => mergeSteps(n, 'b', 'a'),
    [
      ['step:a', 'retry:1'],
      ['step:a', 'image:i'],
      ['step:c', 'prev:a'],
      ['step:d', 'prev:a']
    ]
  ],
  [
    'empty cells need no tags',
    [['step:a'], EMPTY, ['step:b']],
    n => markCells(n, [0], 'skip'),
    [['skip'], [], ['step:b']]
  ]
];

test.each(CASES)('%s', (_, cells, edit, after) => {
  expect(edit(notebookOf(cells))).toEqual(after);
});

const AB = [['step:a'], ['step:b'], []];

test.each([
  ['no such step', (n: Notebook) => renameStep(n, 'z', 'y')],
  ['a name that is taken', (n: Notebook) => renameStep(n, 'a', 'b')],
  ['no name', (n: Notebook) => setStep(n, [0], 'My Step')],
  ['after itself', (n: Notebook) => addPrev(n, 'a', 'a')],
  ['after a later step', (n: Notebook) => addPrev(n, 'a', 'b')],
  ['after a step that is not there', (n: Notebook) => addPrev(n, 'a', 'z')],
  ['no option', (n: Notebook) => setOption(n, 'a', 'prev:b')],
  ['no quantity', (n: Notebook) => setOption(n, 'a', 'request:cpu:many')],
  ['a split at the first cell', (n: Notebook) => splitStep(n, 1, 'c')],
  ['a split into a step that is there', (n: Notebook) => splitStep(n, 2, 'a')],
  ['a merge with nothing', (n: Notebook) => mergeSteps(n, 'a', 'z')]
])('refused: %s', (_, edit) => {
  expect(() => edit(notebookOf(AB))).toThrow(TagEditError);
});

test('what diagnostics propose is done, and mends them', () => {
  const notebook = notebookOf([
    ['hide-input', 'step:Load', 'x'],
    ['step:fit', 'pre:fit'],
    ['step:plot', 'prev:fti', 'prev:plot', 'request:memry:1Gi']
  ]);
  const edits = notebook.diagnostics.flatMap(each => each.edits ?? []);
  const tags = applyTagEdits(notebook, edits);
  expect(tags).toEqual([
    ['hide-input', 'step:load', 'x'],
    ['step:fit', 'prev:fit'],
    ['step:plot', 'prev:fit', 'request:memory:1Gi']
  ]);
  // What `pre:fit` was meant to be is wrong as well, and has a fix of its own.
  const again = recut(notebook, tags);
  const mended = recut(
    again,
    applyTagEdits(
      again,
      again.diagnostics.flatMap(each => each.edits ?? [])
    )
  );
  expect(mended.diagnostics).toEqual([]);
});

const OPTIONS = [
  'request:cpu:1',
  'request:memory:2Gi',
  'limit:nvidia.com/gpu:1',
  'location:edge:10',
  'role:training',
  'node:disk=ssd',
  'toleration:gpu=yes:NoSchedule',
  'image:a/b:1',
  'env:A=1',
  'secret:s:k:E',
  'volume:c:/d:ro',
  'label:team:ml',
  'annotation:a/b:c:d',
  'retry:2',
  'timeout:5m',
  'cache:enabled'
];
const FOREIGN = ['hide-input', 'solution', 'other:tag', ''];
const names = fc.constantFrom('a', 'b', 'c');
const tag = fc.oneof(
  { weight: 3, arbitrary: names.map(name => `step:${name}`) },
  { weight: 1, arbitrary: names.map(name => `block:${name}`) },
  { weight: 1, arbitrary: names.map(name => `prev:${name}`) },
  { weight: 1, arbitrary: fc.constant('step:') },
  { weight: 2, arbitrary: fc.constantFrom(...OPTIONS) },
  { weight: 2, arbitrary: fc.constantFrom(...FOREIGN) },
  { weight: 1, arbitrary: fc.constantFrom('imports', 'functions', 'parameters', 'skip') }
);
const notebooks = fc
  .array(
    fc.record({
      tags: fc.array(tag, { maxLength: 4 }),
      source: fc.constantFrom('x = 1', 'def f(): pass', ''),
      type: fc.constantFrom('code', 'code', 'code', 'markdown')
    }),
    { minLength: 1, maxLength: 8 }
  )
  .map(notebookOf)
  .filter(notebook => notebook.steps.length > 0);
const pick = fc.nat(1000);
const stepOf = (notebook: Notebook, at: number) => notebook.steps[at % notebook.steps.length];

const stepsByCell = (notebook: Notebook) =>
  notebook.cells.map(({ index }) => notebook.steps.find(each => each.cells.includes(index))?.name);
const errors = (diagnostics: readonly Diagnostic[]) =>
  diagnostics.filter(each => each.severity === 'error');
const foreign = (tags: CellTags) =>
  tags.map(each => each.filter(text => readTag(text, 0).tag === undefined));

/** What every edit promises: foreign tags stay, text cells stay, doing it twice is doing it once, cells without a change are the same. */
function expectHarmless(notebook: Notebook, edit: (notebook: Notebook) => CellTags): Notebook {
  const before = notebook.cells.map(each => each.tags);
  const tags = edit(notebook);
  expect(foreign(tags)).toEqual(foreign(before));
  tags.forEach((each, cell) => {
    if (
      notebook.cells[cell].type !== 'code' ||
      JSON.stringify(each) === JSON.stringify(before[cell])
    ) {
      expect(each).toBe(before[cell]);
    }
  });
  return recut(notebook, tags);
}

test('an option: it is set, nothing else changes, and clearing it leaves nothing of it', () => {
  fc.assert(
    fc.property(notebooks, pick, fc.constantFrom(...OPTIONS), (notebook, at, text) => {
      const { name, options } = stepOf(notebook, at);
      const key = optionKey(readOption(text) ?? fail());
      const edit = (each: Notebook) => setOption(each, name, text);
      const after = expectHarmless(notebook, edit);
      expect(edit(after)).toEqual(after.cells.map(each => each.tags));
      expect(stepsByCell(after)).toEqual(stepsByCell(notebook));
      const own = after.steps.find(each => each.name === name) ?? fail();
      const [reference] = notebookOf([['step:a', text]]).steps;
      expect(own.options).toEqual(withOption(options, reference.options));
      for (const step of after.steps.filter(each => each.name !== name)) {
        expect(step).toEqual(notebook.steps.find(each => each.name === step.name));
      }
      const cleared = clearOption(after, name, key);
      expect(cleared).toEqual(clearOption(notebook, name, key));
      const left = own.cells.flatMap(cell => cleared[cell]).map(readOption);
      expect(left.some(each => each !== undefined && optionKey(each) === key)).toBe(false);
      if (errors(notebook.diagnostics).length === 0) {
        expect(errors(after.diagnostics)).toEqual([]);
      }
    })
  );
});

/** The options of a step with those of another over them. */
function withOption(options: object, over: object): object {
  const result = { ...options } as Record<string, unknown>;
  for (const [key, value] of Object.entries(over)) {
    if (key === 'retry' && value === 0) {
      continue;
    }
    result[key] = Array.isArray(value)
      ? expect.arrayContaining(value)
      : typeof value === 'object' && key !== 'location'
        ? { ...(result[key] as object), ...(value as object) }
        : value;
  }
  return result;
}

test('a rename: the step has the new name everywhere; there and back is where it was', () => {
  fc.assert(
    fc.property(notebooks, pick, (notebook, at) => {
      const { name, cells } = stepOf(notebook, at);
      const after = expectHarmless(notebook, each => renameStep(each, name, 'new'));
      const renamed = (each: string | undefined) => (each === name ? 'new' : each);
      expect(stepsByCell(after)).toEqual(stepsByCell(notebook).map(renamed));
      expect(after.steps.map(each => each.prev.map(prev => prev.name))).toEqual(
        notebook.steps.map(each => each.prev.map(prev => renamed(prev.name)))
      );
      // A pin may mend a bare `step:`; nothing new is wrong.
      const known = errors(notebook.diagnostics).map(each => each.code);
      expect(known).toEqual(
        expect.arrayContaining(errors(after.diagnostics).map(each => each.code))
      );
      const named = notebook.cells[cells[0]].parsed.some(
        each => each.type === 'step' && each.name === name
      );
      if (named) {
        expect(renameStep(after, 'new', name)).toEqual(notebook.cells.map(each => each.tags));
      }
    })
  );
});

test('prev: it is there once, nothing else changes, and taking it away is undoing it', () => {
  fc.assert(
    fc.property(notebooks, pick, pick, (notebook, one, two) => {
      const [before, step] = [one % notebook.steps.length, two % notebook.steps.length].sort(
        (a, b) => a - b
      );
      fc.pre(before !== step);
      const [prev, name] = [notebook.steps[before].name, notebook.steps[step].name];
      const after = expectHarmless(notebook, each => addPrev(each, name, prev));
      const own = after.steps.find(each => each.name === name);
      expect(own?.prev.some(each => each.name === prev)).toBe(true);
      expect(stepsByCell(after)).toEqual(stepsByCell(notebook));
      expect(addPrev(after, name, prev)).toEqual(after.cells.map(each => each.tags));
      expect(removePrev(after, name, prev)).toEqual(removePrev(notebook, name, prev));
      expect(errors(after.diagnostics)).toEqual(errors(notebook.diagnostics));
    })
  );
});

test('cells that are moved, marked, split off or merged come where they should, and no other cell moves', () => {
  fc.assert(
    fc.property(notebooks, pick, pick, (notebook, one, two) => {
      const before = stepsByCell(notebook);
      const { name, cells } = stepOf(notebook, one);
      const other = stepOf(notebook, two);
      const cell = cells[two % cells.length];
      const moved = expectHarmless(notebook, each => moveIntoStep(each, [cell], 'new'));
      expect(stepsByCell(moved)).toEqual(before.map((each, at) => (at === cell ? 'new' : each)));
      const marked = expectHarmless(notebook, each => markCells(each, [cell], 'skip'));
      expect(marked.cells[cell].kind).toBe('skip');
      expect(stepsByCell(marked)).toEqual(
        before.map((each, at) => (at === cell ? undefined : each))
      );
      const merged = expectHarmless(notebook, each => mergeSteps(each, name, other.name));
      expect(stepsByCell(merged)).toEqual(before.map(each => (each === name ? other.name : each)));
      expect(merged.steps.flatMap(each => each.prev).some(each => each.name === name)).toBe(
        name === other.name &&
          notebook.steps.flatMap(each => each.prev).some(each => each.name === name)
      );
      if (cell !== cells[0]) {
        const split = expectHarmless(notebook, each => splitStep(each, cell, 'new'));
        expect(stepsByCell(split)).toEqual(
          before.map((each, at) => (each === name && at >= cell ? 'new' : each))
        );
        if (errors(notebook.diagnostics).length === 0) {
          expect(errors(split.diagnostics)).toEqual([]);
          const [upper, lower] = [name, 'new'].map(each =>
            split.steps.find(step => step.name === each)
          );
          expect(lower?.options).toEqual(upper?.options);
        }
      }
    })
  );
});

function fail(): never {
  throw new Error('not there');
}
