import type { Notebook } from '../notebook/types';
import type { Homes } from './homes';
import type { StepGraph } from './types';

/** What cells tagged `pipeline-metrics` report: `print(name)`, `print("label", name)`, or a bare name. */
export function metricsOf(notebook: Notebook, homes: Homes): StepGraph['metrics'] {
  return notebook.cells
    .filter(cell => cell.kind === 'metrics')
    .flatMap(cell =>
      cell.source.split('\n').flatMap(line => {
        const match =
          /^\s*(?:print\(\s*(?:(["'])(.*?)\1\s*,\s*)?([A-Za-z_]\w*)\s*\)|([A-Za-z_]\w*))\s*;?\s*(?:#.*)?$/.exec(
            line
          );
        const name = match?.[3] ?? match?.[4];
        const step = homes.stepOf.get(cell.index);
        return name === undefined || step === undefined
          ? []
          : [{ name, label: (match?.[2] ?? name).replace(/[:=\s]+$/, ''), step }];
      })
    );
}
