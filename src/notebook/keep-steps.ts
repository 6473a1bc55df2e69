import { readNotebookJson } from './read';
import { cutIntoSteps } from './steps';
import { readTag } from './tags';
import type { CellKind, Notebook } from './types';

/** The tags of every cell, in the order of the cells. */
export type CellTags = readonly (readonly string[])[];

/** The kinds of cells that a tag of its own marks. */
export type MarkedKind = Extract<
  CellKind,
  'imports' | 'functions' | 'parameters' | 'metrics' | 'skip'
>;

/** The tag that marks a kind. */
export const KIND_TAGS: Readonly<Record<MarkedKind, string>> = {
  imports: 'imports',
  functions: 'functions',
  parameters: 'parameters',
  metrics: 'pipeline-metrics',
  skip: 'skip'
};

/** Any step will do. */
export const ANY = Symbol('any');

/**
 * The tags, with step tags added where else a cell would be in another step than it should: cells that continue the one
 * above them, when that one has moved.
 * @param wanted the step of a cell, given the one that it is in; undefined for a cell that is in none
 */
export function held(
  notebook: Notebook,
  tags: CellTags,
  wanted: (cell: number, step: string) => string | typeof ANY
): CellTags {
  const before = stepsByCell(notebook);
  let result = tags;
  for (;;) {
    const after = stepsByCell(recut(notebook, result));
    const astray = notebook.cells.findIndex(({ index, kind, type }) => {
      const step = before.get(index);
      if (step !== undefined) {
        const want = wanted(index, step);
        return want !== ANY && want !== after.get(index);
      }
      // Definitions above the first tag that are in no step must not come into one.
      return type === 'code' && kind === 'functions' && result[index] === notebook.cells[index].tags
        ? after.has(index)
        : false;
    });
    if (astray === -1) {
      return result;
    }
    const step = before.get(astray);
    const want = step === undefined ? ANY : wanted(astray, step);
    const pin = want === ANY ? KIND_TAGS.functions : `step:${want}`;
    result = result.map((own, index) =>
      index === astray
        ? putTag(
            own,
            tag => readTag(tag, 0).tag?.type === 'step',
            pin,
            () => false
          )
        : own
    );
  }
}

function stepsByCell(notebook: Notebook): ReadonlyMap<number, string> {
  return new Map(
    notebook.steps.flatMap(step => step.cells.map(cell => [cell, step.name] as const))
  );
}

/** The notebook with other tags, cut anew. */
export function recut(notebook: Notebook, tags: CellTags): Notebook {
  const parsed = readNotebookJson({
    nbformat: 4,
    metadata: {},
    cells: notebook.cells.map((cell, index) => ({
      cell_type: cell.type,
      id: cell.id,
      source: cell.source,
      metadata: { tags: tags[index] }
    }))
  });
  return cutIntoSteps(
    { ...parsed, settings: notebook.settings },
    cell => notebook.cells[cell].kind === 'functions'
  );
}

/**
 * The tags with `text` in the place of the first that `replaces` says, or at the end; others that it says go.
 * @param good whether a tag that it says is as good as `text`, and stays as it is written
 */
export function putTag(
  tags: readonly string[],
  replaces: (tag: string) => boolean,
  text: string,
  good: (tag: string) => boolean
): readonly string[] {
  const at = tags.findIndex(replaces);
  if (at === -1) {
    return [...tags, text];
  }
  return tags.flatMap((tag, index) =>
    index === at ? [good(tag) ? tag : text] : replaces(tag) ? [] : [tag]
  );
}
