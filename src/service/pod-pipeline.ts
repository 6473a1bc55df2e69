import { compileLocal } from '../compile/local';
import type { LocalDocument } from '../compile/types';
import type { Diagnostic } from '../diagnostics/types';
import type { Notebook } from '../notebook/types';
import { bindParameters } from '../pipeline/parameters';
import { buildPipeline } from '../pipeline/pipeline';
import type { Parameter, Pipeline } from '../pipeline/types';
import { imagesOf } from './image';
import { sha256, type Project } from './project';

/** A project bound to parameters and images: what every document of a cluster is made from. */
export interface PodPipeline {
  readonly pipeline: Pipeline;
  /** Plans, hashes and order of the steps, as a local run has them. */
  readonly document: LocalDocument;
  /** Image of each step that has one. */
  readonly images: ReadonlyMap<string, string>;
  readonly parameters: readonly Parameter[];
  /** What is wrong with the parameters, and the steps without an image. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * @param notebook the project's, or one with other settings
 * @param given values of parameters, by name
 * @param asked `--image`
 */
export function podPipeline(
  { facts, graph, name, files }: Project,
  notebook: Notebook,
  given: ReadonlyMap<string, string>,
  asked: string | undefined
): PodPipeline {
  const { parameters, diagnostics } = bindParameters(graph.parameters, given);
  const pipeline = buildPipeline(notebook, graph, parameters, name);
  const found = imagesOf(notebook, pipeline, asked, process.env);
  const image = [...new Set(found.images.values())].join(', ');
  const sources = { notebook, facts, graph, pipeline, image };
  return {
    pipeline,
    document: compileLocal(
      sources,
      files.found.map(each => each.path),
      sha256
    ),
    images: found.images,
    parameters,
    diagnostics: [...diagnostics, ...found.diagnostics]
  };
}
