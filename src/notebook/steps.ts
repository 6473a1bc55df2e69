import { closest } from '../diagnostics/closest';
import type { Diagnostic, Span } from '../diagnostics/types';
import { mergeOptions } from './options';
import { tagSpan, type ParsedNotebook } from './read';
import type { Cell, Notebook, StepSpec } from './types';

/**
 * Cuts a notebook into steps by its tags (docs/tags.md).
 * @param onlyDefines whether a cell holds nothing but definitions: decides what an untagged cell before the first step is
 */
export function cutIntoSteps(
  parsed: ParsedNotebook,
  onlyDefines: (cell: number) => boolean
): Notebook {
  const diagnostics: Diagnostic[] = [...parsed.diagnostics];
  const steps = new Map<string, number[]>();
  const kinds = new Map<number, Cell['kind']>();
  const tagged = parsed.cells.some(cell => cell.kind === 'step');
  let current: string | undefined;
  const put = (name: string, cell: number) => {
    steps.set(name, [...(steps.get(name) ?? []), cell]);
  };
  for (const cell of parsed.cells) {
    if (cell.type !== 'code') {
      continue;
    }
    const names = cell.parsed.flatMap(tag => (tag.type === 'step' ? [tag.name] : []));
    if (cell.kind === 'step') {
      if (new Set(names).size > 1) {
        diagnostics.push(
          problem(
            'NP106',
            cell,
            `cell ${cell.index + 1} is put into ${names.length} steps: ${names.join(', ')}`,
            'a cell runs once',
            'keep one `step:` tag',
            stepTag(cell)
          )
        );
      }
      const name: string = names[0] !== '' ? names[0] : (current ?? freeName('step', parsed));
      if (names[0] === '' && current === undefined) {
        diagnostics.push({
          ...problem(
            'NP107',
            cell,
            'a bare `step:` continues the step above, and there is none',
            'the first step has no name to continue',
            `write step:<name>; it is called ${name} now`,
            stepTag(cell)
          ),
          severity: 'warning'
        });
      }
      current = name;
      put(name, cell.index);
    } else if (cell.kind === 'untagged') {
      if (names.length === 0 && cell.source.trim() === '') {
        continue;
      }
      if (current === undefined && tagged && onlyDefines(cell.index)) {
        kinds.set(cell.index, 'functions');
        continue;
      }
      // With no tags at all the notebook is one step; before the first tag what does more than define is a step of its own.
      current ??= tagged ? freeName('setup', parsed) : 'notebook';
      put(current, cell.index);
    } else if (names.length > 0) {
      diagnostics.push({
        ...problem(
          'NP108',
          cell,
          `cell ${cell.index + 1} is tagged \`${cell.kind}\` and \`step:${names[0]}\``,
          'a cell of definitions or parameters belongs to all steps, so the step tag has no effect',
          'take one of the two tags away',
          stepTag(cell)
        ),
        severity: 'warning'
      });
    }
  }
  const cells = parsed.cells.map(cell => {
    const kind = kinds.get(cell.index);
    return kind === undefined ? cell : { ...cell, kind };
  });
  const specs = [...steps].map(([name, own]): StepSpec => {
    const members = own.map(index => cells[index]);
    const merged = mergeOptions(name, members, parsed.settings.stepDefaults);
    diagnostics.push(...merged.diagnostics);
    return {
      name,
      cells: own,
      options: merged.options,
      prev: members.flatMap(cell =>
        cell.parsed.flatMap(tag =>
          tag.type === 'prev' ? [{ name: tag.name, cell: cell.index }] : []
        )
      )
    };
  });
  diagnostics.push(...checkPrev(specs, cells));
  return { ...parsed, cells, steps: specs, diagnostics };
}

/** `wanted`, or with a number if a step of the notebook is called so. */
function freeName(wanted: string, parsed: ParsedNotebook): string {
  const taken = new Set(
    parsed.cells.flatMap(cell =>
      cell.parsed.flatMap(tag => (tag.type === 'step' ? [tag.name] : []))
    )
  );
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (!taken.has(name)) {
      return name;
    }
  }
}

function stepTag(cell: Cell): string {
  return cell.parsed.find(tag => tag.type === 'step')?.text ?? '';
}

function checkPrev(steps: readonly StepSpec[], cells: readonly Cell[]): readonly Diagnostic[] {
  const first = new Map(steps.map(step => [step.name, step.cells[0]]));
  return steps.flatMap(step =>
    step.prev.flatMap(({ name, cell }): Diagnostic[] => {
      const start = first.get(name);
      const tag =
        cells[cell].parsed.find(each => each.type === 'prev' && each.name === name)?.text ?? '';
      const at = tagSpan(cell, tag);
      if (start === undefined) {
        const near = closest(name, first.keys());
        return [
          {
            ...error(
              'NP113',
              at,
              `\`prev:${name}\` names no step` + (near ? `; did you mean \`prev:${near}\`?` : ''),
              'a step can only come after one that exists',
              near ? `write \`prev:${near}\`` : `the steps are ${[...first.keys()].join(', ')}`
            ),
            ...(near ? { edits: [{ cell, tag, to: `prev:${near}` }] } : {})
          }
        ];
      }
      if (name === step.name) {
        return [
          {
            ...error(
              'NP114',
              at,
              `step ${name} cannot come after itself`,
              '`prev:` names an earlier step',
              'take the tag away'
            ),
            edits: [{ cell, tag }]
          }
        ];
      }
      if (start > step.cells[0]) {
        return [
          error(
            'NP115',
            at,
            `\`prev:${name}\` names a later step`,
            'Run All runs cells from top to bottom, so a step cannot wait for one below it',
            'move the cells of that step up, or take the tag away'
          )
        ];
      }
      return [];
    })
  );
}

function problem(
  code: string,
  cell: Cell,
  message: string,
  why: string,
  fix: string,
  tag: string
): Diagnostic {
  return error(code, tagSpan(cell.index, tag), message, why, fix);
}

function error(code: string, span: Span, message: string, why: string, fix: string): Diagnostic {
  return { code, severity: 'error', message, why, fix, span };
}
