import type { TestCell } from '../../../tests/law/notebook-file';
import { notebookText } from '../../../tests/law/notebook-file';
import { parseNotebook } from '../../notebook/read';
import { cutIntoSteps } from '../../notebook/steps';
import type { CellAnalyser } from '../../python/analyser';
import { NotebookFacts } from '../../python/notebook-facts';
import { buildStepGraph } from '../graph';
import type { StepGraph } from '../types';

/** The graph of a notebook of these cells. */
export function graphOf(cells: readonly TestCell[], analyser: CellAnalyser): StepGraph {
  const parsed = parseNotebook(notebookText(cells));
  const facts = new NotebookFacts(analyser).of(
    new Map(parsed.cells.map(cell => [cell.index, cell.source]))
  );
  return buildStepGraph(
    cutIntoSteps(parsed, index => facts.get(index)?.onlyDefines ?? false),
    facts
  );
}
