import type { CellFacts } from '../python/types';
import type { AmbientOrder } from './ambient';
import type { Draft, Drafts } from './drafts';
import type { SettingsOrder } from './library-settings';
import type { NotebookNames } from './names';
import type { Input, Replay, Step } from './types';

/** The finished steps, in reference order. @param written modules that cells write: not to be looked for before */
export function assembleSteps(
  drafts: Drafts,
  names: NotebookNames,
  ambient: AmbientOrder,
  settings: SettingsOrder,
  written: ReadonlyMap<string, unknown>
): readonly Step[] {
  const outputs = outputsOf(drafts);
  return drafts.all.map((draft): Step => {
    const cells = draft.cells.map(cell => names.factsOf(cell));
    const replays = [...draft.replays.values()].sort(
      (a, b) => a.cell - b.cell || a.definition.line - b.definition.line
    );
    return {
      name: draft.name,
      cells: draft.cells,
      inputs: inputsOf(draft, drafts),
      outputs: [...(outputs.get(draft.name) ?? [])].sort(),
      writes: [...draft.writes].sort(),
      replays,
      settings: settings.into.get(draft.name) ?? [],
      parameters: [...draft.parameters].sort(),
      ambientIn: ambient.into.get(draft.name) ?? [],
      ambientOut: ambient.outOf.get(draft.name) ?? [],
      ambientWatch: ambient.watch.get(draft.name) ?? [],
      modules: modulesOf(cells, replays).filter(each => !written.has(each)),
      needsIPython:
        cells.some(
          each =>
            each.needsIPython !== undefined || each.settings.some(setting => setting.ofDisplay)
        ) || settings.needingIPython.has(draft.name),
      inputAll: draft.takesAll,
      outputAll: draft.leavesAll
    };
  });
}

/** What each step leaves: the names that others take from it. */
function outputsOf(drafts: Drafts): ReadonlyMap<string, ReadonlySet<string>> {
  const outputs = new Map<string, Set<string>>();
  for (const draft of drafts.all) {
    for (const [name, { from }] of draft.inputs) {
      for (const step of from.keys()) {
        const set = outputs.get(step) ?? new Set<string>();
        outputs.set(step, set.add(name));
      }
    }
  }
  return outputs;
}

function inputsOf(draft: Draft, drafts: Drafts): readonly Input[] {
  return [...draft.inputs]
    .map(([name, { from, firstUse, optional }]): Input => {
      const ordered = drafts.inOrder(from.keys());
      return {
        name,
        from: ordered,
        firstUse,
        optional,
        mayChange: draft.writes.has(name),
        alsoNeededBy: drafts.all
          .filter(
            other => other !== draft && ordered.some(step => other.inputs.get(name)?.from.has(step))
          )
          .map(other => other.name)
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function modulesOf(cells: readonly CellFacts[], replays: readonly Replay[]): readonly string[] {
  const own = cells.flatMap(facts =>
    facts.imports
      .filter(each => !each.conditional && !each.optional)
      .map(each => each.module.split('.')[0])
  );
  const replayed = replays.flatMap(each => each.definition.modules);
  return [...new Set([...replayed, ...own])].filter(each => each !== '');
}
