import { openProject, hasErrors } from '../../service/project';
import { EXIT } from '../exit';
import { countProblems, formatProblems, type ProblemFormat } from '../problems';
import type { Terminal } from '../terminal';

/** `notepod check`: prints all problems; 3 if one of them would stop a run. */
export async function checkCommand(
  path: string,
  options: { readonly format: ProblemFormat },
  terminal: Terminal
): Promise<number> {
  const project = await openProject(path);
  const { diagnostics, notebook, graph, files } = project;
  for (const block of formatProblems(diagnostics, notebook, path, options.format, terminal)) {
    terminal.out(options.format === 'text' ? `${block}\n` : block);
  }
  if (options.format === 'text') {
    const steps = `${graph.steps.length} step${graph.steps.length === 1 ? '' : 's'}`;
    terminal.out(`${path}: ${steps}, ${countProblems(diagnostics)}`);
    if (files.found.length > 0) {
      terminal.out(
        `files that travel with a run: ${files.found.map(each => each.path).join(', ')}`
      );
    }
  }
  return hasErrors(diagnostics) ? EXIT.refused : EXIT.done;
}
