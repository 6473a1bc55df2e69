import { analyseProject, type Project } from './project';

/** Modules through which a notebook may draw from numpy's global generator. */
const DRAWS_BY_NUMPY =
  /^(?:numpy|scipy|pandas|sklearn|statsmodels|seaborn|matplotlib|networkx|xgboost|lightgbm|imblearn|skimage)\b/;

/** What the seeding cell does: any number would do. */
const SEED = 20;

/**
 * The notebook with a first cell that seeds the generators of `random` and numpy, so that unseeded draws can be compared:
 * Run All and the steps then draw the same. Cells move by one. Undefined if the notebook is not JSON as notebooks are.
 */
export async function seededProject(
  project: Project,
  python: string
): Promise<Project | undefined> {
  const notebook = JSON.parse(project.text) as {
    cells?: unknown[];
    nbformat_minor?: number;
  };
  if (!Array.isArray(notebook.cells)) {
    return undefined;
  }
  const lines = ['import random as notepod_random', `notepod_random.seed(${SEED})`];
  if (project.graph.imports.some(each => DRAWS_BY_NUMPY.test(each))) {
    lines.push('import numpy as notepod_numpy', `notepod_numpy.random.seed(${SEED})`);
  }
  const id = (notebook.nbformat_minor ?? 0) >= 5 ? { id: 'notepod-seed' } : {};
  const cell = {
    cell_type: 'code',
    execution_count: null,
    ...id,
    metadata: {},
    outputs: [],
    source: lines.join('\n')
  };
  return analyseProject(
    project.path,
    JSON.stringify({ ...notebook, cells: [cell, ...notebook.cells] }),
    python
  );
}
