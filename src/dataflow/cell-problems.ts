import type { Diagnostic } from '../diagnostics/types';
import type { CellFacts } from '../python/types';
import type { Draft, Drafts } from './drafts';
import type { Homes } from './homes';
import type { NotebookNames } from './names';
import type { Writers } from './writers';

/** What waits for somebody to type. */
export function interactiveProblems(cell: number, facts: CellFacts): readonly Diagnostic[] {
  return facts.interactive.map(each => ({
    code: 'NP341',
    severity: 'error',
    message: `${each.what} waits for somebody to type`,
    why: 'a step runs without anybody at its keyboard',
    fix: 'make the value a parameter: a constant in a cell tagged `parameters`',
    span: { cell, ...each.at }
  }));
}

/**
 * IPython's history of cells that another step runs. What a step's own cells showed is there; how many cells ran before is told by
 * `Out`, `In` and numbers, so these need all of the notebook so far.
 */
export function historyProblems(
  cell: number,
  facts: CellFacts,
  names: NotebookNames,
  homes: Homes
): readonly Diagnostic[] {
  const step = homes.stepOf.get(cell);
  const before = names.cells.filter(
    each =>
      each < cell && names.factsOf(each).source.trim() !== '' && homes.stepOf.get(each) !== step
  );
  return facts.history.flatMap(({ name, at }): Diagnostic[] => {
    const other = before.find(each => !/^_+$/.test(name) || names.factsOf(each).showsValue);
    const isBound = names.cells.some(
      each => each < cell && names.factsOf(each).binds.some(bind => bind.name === name)
    );
    if (other === undefined || isBound) {
      return [];
    }
    return [
      {
        code: 'NP342',
        severity: 'error',
        message: `\`${name}\` is IPython's history of the cells before, and cell ${other + 1} runs in another step`,
        why: 'every step is a process of its own, with a history of its own cells only',
        fix: 'give the value a name in the cell that shows it, or put the cells into one step',
        span: { cell, ...at }
      }
    ];
  });
}

/** Values that cannot leave their process and that another step certainly wants (semantics §4). */
export function unshippableProblems(
  names: NotebookNames,
  homes: Homes,
  drafts: Drafts,
  writers: Writers
): readonly Diagnostic[] {
  /** The cell of `step` that gave the name the value that `draft` gets. */
  const lastMaker = (name: string, draft: Draft, step: string) =>
    writers
      .reaching(name, draft.cells[0] ?? 0)
      .filter(each => homes.stepOf.get(each.cell) === step && each.certain)
      .at(-1)?.cell;
  return names.cells.flatMap(cell => {
    const step = homes.stepOf.get(cell);
    return names.factsOf(cell).unshippable.flatMap((each): Diagnostic[] => {
      const wanting = drafts.all.find(draft => {
        const input = draft.inputs.get(each.name);
        return (
          step !== undefined &&
          draft.name !== step &&
          input?.from.has(step) &&
          !input.optional &&
          lastMaker(each.name, draft, step) === cell
        );
      });
      return wanting === undefined
        ? []
        : [
            {
              code: 'NP321',
              severity: 'error',
              message: `\`${each.name}\` is ${article(each.type)}, which cannot leave its process, and step ${wanting.name} uses it`,
              why: 'every step is a process of its own; values travel between them through files',
              fix: `make it in step ${wanting.name}, put both cells into one step, or pass on what it gives (a list, the rows, the text)`,
              span: { cell, ...each.at }
            }
          ];
    });
  });
}

function article(type: string): string {
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}
