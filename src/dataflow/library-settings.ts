import type { CellFacts, LibrarySetting } from '../python/types';
import type { Draft, Drafts } from './drafts';
import type { Homes } from './homes';
import type { NotebookNames } from './names';
import type { Needs } from './needs';
import type { SettingReplay } from './types';

/** The settings that steps make again, and those that cannot be. */
export interface SettingsOrder {
  readonly into: ReadonlyMap<string, readonly SettingReplay[]>;
  /** Places of the statements that hold in all later steps, as `cell:line`: no change of a module is lost there. */
  readonly carried: ReadonlySet<string>;
  /** Steps that show values as IPython was told to. */
  readonly needingIPython: ReadonlySet<string>;
}

/**
 * A library is set up in one process only: later steps make its settings again (semantics §3.6). Nothing has to wait for that.
 * @param needs after all cells
 */
export function spreadSettings(
  drafts: Drafts,
  homes: Homes,
  needs: Needs,
  names: NotebookNames
): SettingsOrder {
  const into = new Map<string, SettingReplay[]>();
  const carried = new Set<string>();
  const needingIPython = new Set<string>();
  for (const cell of names.cells) {
    for (const setting of names.factsOf(cell).settings) {
      const home = homes.stepOf.get(cell);
      const later = drafts.all.filter(draft => draft.name !== home && goesOnAfter(draft, cell));
      const imports = needs.importsFor(setting.reads, cell, setting.at.line);
      // A step that also runs earlier cells must not have the setting for these.
      const isClear = later.every(draft => (draft.cells[0] ?? 0) > cell);
      if (imports === undefined || !isClear) {
        continue;
      }
      carried.add(`${cell}:${setting.at.line}`);
      for (const draft of later) {
        needs.definitionsFor(setting.reads, cell, setting.at.line, draft);
        const known = into.get(draft.name) ?? [];
        known.push(replayOf(setting, cell, imports, draft, names));
        into.set(draft.name, known);
        if (setting.ofDisplay) {
          needingIPython.add(draft.name);
        }
      }
    }
  }
  for (const draft of drafts.all) {
    const first = draft.cells[0] ?? 0;
    if (names.cells.some(each => each < first && configuresDisplay(names.factsOf(each)))) {
      needingIPython.add(draft.name);
    }
  }
  return { into, carried, needingIPython };
}

/**
 * Configuration magics without which a cell of plain Python gives the same: figures are shown as pictures anyway, and these
 * extensions change nothing of what is shown.
 */
const UNNOTICED =
  /^%?\s*(matplotlib\b|colors\b|xmode\b|autoreload\b|(re)?load_ext\s+(autoreload|tensorboard|line_profiler|memory_profiler|sql|dotenv|watermark)\b)/;

/** A configuration magic of the cell (`%precision 3`, `%config …`, `%pprint`) that is noticed in cells without magics. */
function configuresDisplay(facts: CellFacts): boolean {
  return facts.magics.some(
    ({ kind, effect, text }) =>
      kind === 'line' && effect === 'configuration' && !UNNOTICED.test(text.trim())
  );
}

function goesOnAfter(draft: Draft, cell: number): boolean {
  return draft.cells.some(each => each > cell);
}

function replayOf(
  { at, source, package: name }: LibrarySetting,
  cell: number,
  imports: readonly string[],
  draft: Draft,
  names: NotebookNames
): SettingReplay {
  const modules = [
    ...draft.cells.flatMap(each => names.factsOf(each).imports.map(({ module }) => module)),
    ...[...draft.replays.values()].flatMap(each => each.definition.modules)
  ];
  return {
    cell,
    line: at.line,
    source,
    imports,
    package: name,
    isUsed: modules.some(each => each.split('.')[0] === name)
  };
}
