import type { TagEdit } from '../diagnostics/types';
import { ANY, held, KIND_TAGS, putTag, type CellTags, type MarkedKind } from './keep-steps';
import { optionKey, readOption } from './option-key';
import { readTag, STEP_NAME } from './tags';
import type { Cell, Notebook, Tag } from './types';

/*
 * Edits of tags: pure functions from a notebook to the tags of its cells. They change only the tags they must: those of
 * other tools keep their place and order, and a cell that needs no change gives back the very array that it has.
 */

/** An edit that cannot be done. `message` is a sentence for the user. */
export class TagEditError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TagEditError';
  }
}

/**
 * Tags cells as the start or a part of a step, each in the place of the tag that it had. Untagged cells below follow, as
 * they always continue the cell above; {@link moveIntoStep} leaves them where they are.
 */
export function setStep(notebook: Notebook, which: readonly number[], name: string): CellTags {
  expectName(name);
  return onCells(notebook, which, ({ tags }) =>
    putTag(
      tags.filter(tag => read(tag)?.type !== 'special'),
      tag => read(tag)?.type === 'step',
      `step:${name}`,
      tag => names(tag, 'step', name)
    )
  );
}

/** Takes the step tags of cells away: they continue the step above. */
export function removeStep(notebook: Notebook, which: readonly number[]): CellTags {
  return onCells(notebook, which, ({ tags }) => tags.filter(tag => read(tag)?.type !== 'step'));
}

/** Moves cells into a step, old or new, and leaves all others where they are: they are tagged where that is needed. */
export function moveIntoStep(notebook: Notebook, which: readonly number[], name: string): CellTags {
  const moved = new Set(which);
  return held(notebook, setStep(notebook, which, name), (cell, step) =>
    moved.has(cell) ? name : step
  );
}

/**
 * Renames a step everywhere: in `step:` and Kale's old `block:`, which stay what they are, and in `prev:`.
 * @throws TagEditError if there is no such step, or one of the new name
 */
export function renameStep(notebook: Notebook, from: string, to: string): CellTags {
  expectName(to);
  cellsOf(notebook, from);
  if (from !== to && notebook.steps.some(each => each.name === to)) {
    throw new TagEditError(`there is a step ${to} already; merge the two instead`);
  }
  const tags = mapCells(notebook, ({ type, tags: own }) =>
    type === 'code'
      ? own.map(tag =>
          names(tag, 'step', from) || names(tag, 'prev', from) ? withValue(tag, to) : tag
        )
      : own
  );
  // A step that no tag names (cells above the first tag) gets one.
  return held(notebook, tags, (_, step) => (step === from ? to : step));
}

/**
 * Lets a step run after another one: the tag goes to the step's first cell.
 * @throws TagEditError if that cannot be
 */
export function addPrev(notebook: Notebook, step: string, prev: string): CellTags {
  const own = cellsOf(notebook, step);
  const [first] = cellsOf(notebook, prev);
  if (step === prev) {
    throw new TagEditError(`step ${step} cannot come after itself`);
  }
  if (first > own[0]) {
    throw new TagEditError(
      `step ${prev} starts below step ${step}, and cells run from top to bottom`
    );
  }
  const there = own.some(cell => notebook.cells[cell].tags.some(tag => names(tag, 'prev', prev)));
  return onCells(notebook, there ? [] : own.slice(0, 1), ({ tags }) => [...tags, `prev:${prev}`]);
}

/** Takes `prev:` of a step away, from whichever of its cells has it. */
export function removePrev(notebook: Notebook, step: string, prev: string): CellTags {
  return onCells(notebook, cellsOf(notebook, step), ({ tags }) =>
    tags.filter(tag => !names(tag, 'prev', prev))
  );
}

/**
 * Sets an option of a step: where one of its cells sets the same thing already, that tag is replaced, and others that
 * would contradict it go; else the tag is added to the step's first cell.
 * @param text the tag, such as `request:memory:2Gi`
 * @throws TagEditError if the text is no option
 */
export function setOption(notebook: Notebook, step: string, text: string): CellTags {
  const option = readOption(text);
  if (option === undefined) {
    throw new TagEditError(`\`${text}\` is no option of a step`);
  }
  const key = optionKey(option);
  const own = cellsOf(notebook, step);
  const first = own.find(cell => notebook.cells[cell].tags.some(tag => sets(tag, key))) ?? own[0];
  return onCells(notebook, own, (cell, index) =>
    index === first
      ? putTag(
          cell.tags,
          tag => sets(tag, key),
          text,
          tag => tag === text
        )
      : cell.tags.filter(tag => !sets(tag, key))
  );
}

/** Takes an option of a step away, from all its cells. @param key as {@link optionKey} gives it */
export function clearOption(notebook: Notebook, step: string, key: string): CellTags {
  return onCells(notebook, cellsOf(notebook, step), ({ tags }) =>
    tags.filter(tag => !sets(tag, key))
  );
}

/**
 * Marks cells as imports, functions, parameters, metrics or skipped; undefined takes the mark away. Marked cells belong to
 * no step, so their step tags go; all other cells stay in their steps.
 */
export function markCells(
  notebook: Notebook,
  which: readonly number[],
  kind: MarkedKind | undefined
): CellTags {
  const marked = new Set(which);
  const isMark = (tag: string) => read(tag)?.type === 'special';
  const tags = onCells(notebook, which, ({ tags: own }) =>
    kind === undefined
      ? own.filter(tag => !isMark(tag))
      : putTag(
          own.filter(tag => read(tag)?.type !== 'step'),
          isMark,
          KIND_TAGS[kind],
          tag => isKind(tag, kind)
        )
  );
  return held(notebook, tags, (cell, step) => (marked.has(cell) ? ANY : step));
}

/**
 * Splits a step: the given cell and those of the step below it become a step of their own. Both get all options, as
 * every cell had them all; `prev:` stays with its cells, and the new step's data dependencies are found in its code.
 * @throws TagEditError if the cell is the step's first, or belongs to none
 */
export function splitStep(notebook: Notebook, cell: number, name: string): CellTags {
  expectName(name);
  const step = notebook.steps.find(each => each.cells.includes(cell));
  if (step === undefined) {
    throw new TagEditError(`cell ${cell + 1} belongs to no step`);
  }
  if (notebook.steps.some(each => each.name === name)) {
    throw new TagEditError(`there is a step ${name} already`);
  }
  const [first] = step.cells;
  if (cell === first) {
    throw new TagEditError(
      `cell ${cell + 1} is the first of step ${step.name}; rename the step instead`
    );
  }
  const above = step.cells.filter(each => each < cell);
  const below = step.cells.filter(each => each > cell);
  const optionsOf = (cells: readonly number[]) =>
    cells.flatMap(each => notebook.cells[each].tags.filter(tag => readOption(tag) !== undefined));
  const tags = mapCells(notebook, ({ tags: own }, index) => {
    if (index === cell) {
      const named = putTag(
        own,
        tag => read(tag)?.type === 'step',
        `step:${name}`,
        () => false
      );
      return withOptions(named, [...optionsOf(below), ...optionsOf(above)]);
    }
    if (index === first) {
      return withOptions(own, optionsOf([...above, cell, ...below]));
    }
    return below.includes(index)
      ? own.map(tag => (names(tag, 'step', step.name) ? withValue(tag, name) : tag))
      : own;
  });
  return held(notebook, tags, (index, own) =>
    index === cell || below.includes(index) ? name : own
  );
}

/**
 * Merges a step into another: its cells and their options become the other's, and who came after it comes after the
 * other. Options that contradict each other stay, for the checks to tell.
 */
export function mergeSteps(notebook: Notebook, from: string, into: string): CellTags {
  const members = new Set([...cellsOf(notebook, from), ...cellsOf(notebook, into)]);
  const tags = mapCells(notebook, ({ type, tags: own }, index) => {
    if (type !== 'code' || from === into) {
      return own;
    }
    const waits = own.some(tag => names(tag, 'prev', into));
    return own.flatMap(tag => {
      if (names(tag, 'step', from)) {
        return [withValue(tag, into)];
      }
      if (members.has(index) && (names(tag, 'prev', into) || names(tag, 'prev', from))) {
        // A step does not come after itself.
        return [];
      }
      return names(tag, 'prev', from) ? (waits ? [] : [withValue(tag, into)]) : [tag];
    });
  });
  return held(notebook, tags, (_, step) => (step === from ? into : step));
}

/** Does what diagnostics propose. An edit of a tag that is no longer there does nothing. */
export function applyTagEdits(notebook: Notebook, edits: readonly TagEdit[]): CellTags {
  return mapCells(notebook, (each, cell) =>
    edits
      .filter(edit => edit.cell === cell)
      .reduce<readonly string[]>(
        (tags, { tag, to }) =>
          tags.flatMap(own => (own !== tag ? [own] : to === undefined ? [] : [to])),
        each.tags
      )
  );
}

function read(text: string): Tag | undefined {
  return readTag(text, 0).tag;
}

function sets(text: string, key: string): boolean {
  const option = readOption(text);
  return option !== undefined && optionKey(option) === key;
}

function names(text: string, type: 'step' | 'prev', name: string): boolean {
  const tag = read(text);
  return tag?.type === type && tag.name === name;
}

function isKind(text: string, kind: MarkedKind): boolean {
  const tag = read(text);
  return tag?.type === 'special' && tag.kind === kind;
}

function cellsOf(notebook: Notebook, step: string): readonly number[] {
  const found = notebook.steps.find(each => each.name === step);
  if (found === undefined) {
    throw new TagEditError(`there is no step ${step}`);
  }
  return found.cells;
}

function expectName(name: string): void {
  if (!STEP_NAME.test(name)) {
    throw new TagEditError(
      `\`${name}\` is no step name: small letters, digits, \`-\` and \`_\`, a letter or \`_\` first, 63 characters at most`
    );
  }
}

/** The tag with another value and its own prefix: `block:a` becomes `block:b`. */
function withValue(text: string, value: string): string {
  return `${text.slice(0, text.indexOf(':') + 1)}${value}`;
}

/** The tags with those options that they do not set themselves. */
function withOptions(tags: readonly string[], options: readonly string[]): readonly string[] {
  return options.reduce<readonly string[]>((result, text) => {
    const option = readOption(text);
    const there = option === undefined || result.some(tag => sets(tag, optionKey(option)));
    return there ? result : [...result, text];
  }, tags);
}

/** New tags for the code cells among `which`. */
function onCells(
  notebook: Notebook,
  which: readonly number[],
  change: (cell: Cell, index: number) => readonly string[]
): CellTags {
  const chosen = new Set(which);
  return mapCells(notebook, (cell, index) =>
    chosen.has(index) && cell.type === 'code' ? change(cell, index) : cell.tags
  );
}

/** New tags for every cell; the same array where they are the same tags. */
function mapCells(
  notebook: Notebook,
  change: (cell: Cell, index: number) => readonly string[]
): CellTags {
  return notebook.cells.map((cell, index) => {
    const tags = change(cell, index);
    const same = tags.length === cell.tags.length && tags.every((tag, at) => tag === cell.tags[at]);
    return same ? cell.tags : tags;
  });
}
