import type { BothWays, Outcome } from './both-ways';
import type { TestCell } from './notebook-file';

/**
 * The smallest notebook, as far as leaving out leads, that is still wrong: cells are left out, then statements, then tags and
 * lines within statements.
 * @returns it with what is wrong with it
 */
export async function smallest(
  cells: readonly TestCell[],
  bothWays: BothWays
): Promise<{ readonly cells: readonly TestCell[]; readonly outcome: Outcome }> {
  let least = { cells, outcome: await bothWays.run(cells) };
  const kind = kindOf(least.outcome);
  for (;;) {
    const before = least.cells;
    for (const smaller of [withoutCells, withoutStatements, withoutLines, withoutTags]) {
      for (let index = 0; ; index++) {
        const candidates = smaller(least.cells);
        if (index >= candidates.length) {
          break;
        }
        const outcome = await bothWays.run(candidates[index]).catch(() => undefined);
        if (outcome?.verdict === 'WRONG' && kindOf(outcome) === kind) {
          least = { cells: candidates[index], outcome };
          index -= 1;
        }
      }
    }
    if (least.cells === before) {
      return least;
    }
  }
}

/** What a difference is about: leaving something out must not lead to another one. */
function kindOf({ codes, detail }: Outcome): string {
  const part = /^cell \d+, (\w+)/.exec(detail)?.[1] ?? '';
  const errors = detail.match(/\b\w+Error\b/g) ?? [];
  return [part, ...codes, ...new Set(errors)].join(' ');
}

type Cells = readonly TestCell[];

function withoutCells(cells: Cells): readonly Cells[] {
  return cells
    .flatMap((cell, index) =>
      statementsOf(cell.source).some(each => SEEDING.test(each))
        ? []
        : [cells.filter((_, other) => other !== index)]
    )
    .reverse();
}

/** What is drawn without a seed differs from run to run: the statements that set one stay. */
const SEEDING = /^(np\.)?random\.seed\(/;

/** Top-level statements: lines that start one, with what follows indented or belongs to it. */
function statementsOf(source: string): readonly string[] {
  const found: string[] = [];
  for (const line of source.split('\n')) {
    const goesOn =
      /^(\s|else|elif|except|finally|\)|\]|\})/.test(line) ||
      found.at(-1)?.split('\n').at(-1)?.startsWith('@');
    if (goesOn && found.length > 0) {
      found[found.length - 1] += `\n${line}`;
    } else {
      found.push(line);
    }
  }
  return found;
}

function withoutStatements(cells: Cells): readonly Cells[] {
  return cells.flatMap((cell, index) => {
    const statements = statementsOf(cell.source);
    return statements.length < 2
      ? []
      : statements.flatMap((statement, gone) =>
          SEEDING.test(statement)
            ? []
            : [
                replaced(cells, index, {
                  ...cell,
                  source: statements.filter((__, other) => other !== gone).join('\n')
                })
              ]
        );
  });
}

function withoutLines(cells: Cells): readonly Cells[] {
  return cells.flatMap((cell, index) => {
    const lines = cell.source.split('\n');
    return lines.flatMap((line, gone) =>
      /^\s/.test(line)
        ? [
            replaced(cells, index, {
              ...cell,
              source: lines.filter((_, other) => other !== gone).join('\n')
            })
          ]
        : []
    );
  });
}

function withoutTags(cells: Cells): readonly Cells[] {
  return cells.flatMap((cell, index) =>
    (cell.tags ?? []).map(tag =>
      replaced(cells, index, { ...cell, tags: (cell.tags ?? []).filter(each => each !== tag) })
    )
  );
}

function replaced(cells: Cells, index: number, cell: TestCell): Cells {
  return cells.map((each, other) => (other === index ? cell : each));
}
