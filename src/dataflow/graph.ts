import type { Diagnostic } from '../diagnostics/types';
import type { Notebook } from '../notebook/types';
import type { CellFacts } from '../python/types';
import { orderAmbient } from './ambient';
import { assembleSteps } from './assemble';
import { historyProblems, interactiveProblems, unshippableProblems } from './cell-problems';
import { Drafts } from './drafts';
import { EdgeList } from './edges';
import { writtenModules } from './file-order';
import { fileUses } from './files';
import { homes as findHomes } from './homes';
import { spreadSettings } from './library-settings';
import { metricsOf } from './metrics';
import { placeOf } from './name-problems';
import { NotebookNames } from './names';
import { Needs } from './needs';
import { parametersOf } from './parameters';
import { Sharing } from './sharing';
import { addDeclaredOrder, addOrderOfWriters } from './step-order';
import { cutShort, summarise, type CellSummary } from './summary';
import type { StepGraph } from './types';
import { Writers } from './writers';

/**
 * The steps of a notebook with what each needs from which (semantics §3): works cell by cell in reference order, and
 * contracts to steps at the end.
 * @param facts of every code cell that is not skipped, by cell index
 */
export function buildStepGraph(
  notebook: Notebook,
  facts: ReadonlyMap<number, CellFacts>
): StepGraph {
  const names = new NotebookNames(facts);
  const homes = findHomes(notebook, facts, name => names.isPlain(name));
  const drafts = new Drafts(homes);
  const edges = new EdgeList(drafts.all.map(each => each.name));
  const writers = new Writers();
  const sharing = new Sharing(names);
  const diagnostics: Diagnostic[] = [];
  const needs = new Needs(notebook, homes, drafts, edges, writers, diagnostics, names);
  const summaries = new Map<number, CellSummary>();

  for (const cell of names.cells) {
    const whole = summarise(cell, names.factsOf(cell), names.code, names.kinds);
    const summary = notebook.cells[cell].raisesException ? cutShort(whole) : whole;
    summaries.set(cell, summary);
    const step = homes.stepOf.get(cell);
    if (step === undefined) {
      needs.ofDefinitions(summary);
      sharing.pass(summary.facts);
      writers.addCell(summary, new Set());
    } else {
      const shared = sharing.enter(summary, name => writers.first(name) !== undefined);
      needs.ofCell(summary, shared, step);
      diagnostics.push(...interactiveProblems(cell, summary.facts));
      diagnostics.push(...historyProblems(cell, summary.facts, names, homes));
      const draft = drafts.named(step);
      writers.addCell(summary, shared).forEach(name => draft.writes.add(name));
    }
    summary.deletes.forEach(name => sharing.leave(name));
  }
  takeRegrouped(sharing, drafts, needs, cell => homes.stepOf.get(cell));
  needs.reportTakenEarly();
  addDeclaredOrder(notebook, drafts, edges);
  const settings = spreadSettings(drafts, homes, needs, names);
  const ambient = orderAmbient(drafts.all, summaries, homes, edges, settings.carried);
  addOrderOfWriters(drafts, edges);
  if (edges.goBack(drafts.all)) {
    drafts.reorder((step, other) => edges.has(other, step));
  }

  return {
    steps: assembleSteps(drafts, names, ambient, settings, writtenModules(summaries.values())),
    edges: edges.all(),
    files: fileUses(names.cells, summaries),
    imports: importsOf(facts),
    parameters: parametersOf(notebook, facts),
    metrics: metricsOf(notebook, homes),
    diagnostics: [
      ...diagnostics,
      ...ambient.diagnostics,
      ...edges.cycles(drafts.all, (name, cell) => placeOf(name, names.factsOf(cell))),
      ...unshippableProblems(names, homes, drafts, writers)
    ]
  };
}

/** A step takes the names whose objects it groups anew, where a later step wants one of them. */
function takeRegrouped(
  sharing: Sharing,
  drafts: Drafts,
  needs: Needs,
  stepOf: (cell: number) => string | undefined
): void {
  const last = new Map<string, number>();
  for (const [ordinal, draft] of drafts.all.entries()) {
    [...draft.inputs.keys()].forEach(name => last.set(name, ordinal));
  }
  for (const { name, cell } of sharing.regrouped) {
    const step = stepOf(cell);
    const ordinal = step === undefined ? undefined : drafts.ordinal(step);
    if (step !== undefined && ordinal !== undefined && (last.get(name) ?? -1) > ordinal) {
      needs.loosely(name, cell, drafts.named(step));
    }
  }
}

function importsOf(facts: ReadonlyMap<number, CellFacts>): readonly string[] {
  const modules = [...facts.values()].flatMap(each => each.imports.map(({ module }) => module));
  return [...new Set(modules)].sort();
}
