import { analyseProject } from '../../src/service/project';
import type { KfpSources } from '../../src/compile/kfp/types';
import {
  compileForKubeflow,
  kubeflowSources,
  type KubeflowChoices,
  type KubeflowPipeline
} from '../../src/service/kubeflow';

/** A code cell. */
export interface CellOf {
  readonly tags: readonly string[];
  readonly source: string;
}

export function notebookText(cells: readonly CellOf[], settings: object = {}): string {
  return JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { notepod: { image: 'python:3.12', ...settings } },
    cells: cells.map(({ tags, source }, index) => ({
      cell_type: 'code',
      id: `c${index}`,
      source,
      metadata: { tags },
      outputs: [],
      execution_count: null
    }))
  });
}

/** How a notebook is compiled. */
interface CompileOf {
  readonly given?: ReadonlyMap<string, string>;
  readonly name?: string;
  readonly choices?: KubeflowChoices;
}

/** A notebook compiled as `notepod compile --target kfp` does; the notebook has no errors of its own. */
export async function compiled(
  cells: readonly CellOf[],
  settings: object = {},
  { given = new Map(), name = 'test', choices = {} }: CompileOf = {}
): Promise<KubeflowPipeline> {
  const project = await analyseProject(`${name}.ipynb`, notebookText(cells, settings));
  const errors = project.diagnostics.filter(each => each.severity === 'error');
  if (errors.length > 0) {
    throw new Error(errors.map(each => each.message).join('; '));
  }
  return compileForKubeflow(project, given, choices, '1.2.3');
}

/** What a notebook's documents are made from. */
export async function sourcesOf(cells: readonly CellOf[]): Promise<KfpSources> {
  const project = await analyseProject('test.ipynb', notebookText(cells));
  const { sources } = kubeflowSources(project, new Map(), {}, '1.2.3');
  if (sources === undefined) {
    throw new Error('nothing to compile');
  }
  return sources;
}
