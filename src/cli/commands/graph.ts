import { hasErrors, openProject } from '../../service/project';
import { EXIT } from '../exit';
import { formatGraph, type GraphFormat } from '../graph-text';
import { formatProblems } from '../problems';
import type { Terminal } from '../terminal';

/** `notepod graph`: prints the steps and their edges; errors go to standard error. */
export async function graphCommand(
  path: string,
  options: { readonly format: GraphFormat },
  terminal: Terminal
): Promise<number> {
  const project = await openProject(path);
  terminal.out(formatGraph(project.graph, project.files.found, options.format));
  const errors = project.diagnostics.filter(each => each.severity === 'error');
  formatProblems(errors, project.notebook, path, 'text', terminal).forEach(each =>
    terminal.err(`\n${each}`)
  );
  return hasErrors(errors) ? EXIT.refused : EXIT.done;
}
