import { pipelineOf } from '../../pipeline/__tests__/pipeline-of';
import { buildPipeline } from '../../pipeline/pipeline';
import type { Parameter } from '../../pipeline/types';
import type { ArgoSources } from '../argo';

/** Sources of a document: steps with these tags, ordered by their `prev:` tags. All of them use all parameters. */
export function sourcesOf(
  steps: Readonly<Record<string, readonly string[]>>,
  own: Partial<ArgoSources> & {
    readonly settings?: object;
    readonly parameters?: readonly Parameter[];
  } = {}
): ArgoSources {
  const { settings = {}, parameters = [], ...rest } = own;
  const { notebook, pipeline } = pipelineOf(steps, settings);
  const graph = {
    steps: pipeline.steps.map(({ step }) => ({
      ...step,
      parameters: parameters.map(each => each.name)
    })),
    edges: pipeline.steps.flatMap(({ step, needs }) =>
      needs.map(from => ({ from, to: step.name, names: [], reasons: [] }))
    ),
    parameters: []
  } as unknown as Parameters<typeof buildPipeline>[1];
  return {
    pipeline: buildPipeline(notebook, graph, parameters, 'test'),
    document: { version: 1, name: 'test', notebookHash: 'abc', steps: [], files: [] },
    notebook: 'test.ipynb',
    images: new Map(pipeline.steps.map(each => [each.step.name, 'python:3.12'])),
    boot: 'import os\n\nprint(os)\n',
    bundle: 'QUJD',
    volume: { size: '1Gi', accessMode: 'ReadWriteOnce' },
    ...rest
  };
}
