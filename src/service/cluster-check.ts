import type { Cluster } from '../cluster/client';
import {
  checkNotebook,
  placeNotebook,
  type NotebookPreflight,
  type PlacedNotebook,
  type PreflightOptions
} from '../cluster/preflight';
import type { ClusterNodes } from '../cluster/nodes';
import type { PodPlacement } from '../compile/argo';
import { buildPipeline } from '../pipeline/pipeline';
import type { StepPlacement } from '../pipeline/placement';
import { imagesOf } from './image';
import type { Project } from './project';

/** Everything that is checked of a notebook before it runs on a cluster. @param image `--image`: of steps that name none */
export async function checkProject(
  cluster: Cluster,
  project: Project,
  image: string | undefined,
  options: Omit<PreflightOptions, 'images'> = {}
): Promise<NotebookPreflight> {
  const { notebook } = project;
  const pipeline = pipelineOf(project);
  const { images, diagnostics } = imagesOf(notebook, pipeline, image, process.env);
  const found = await checkNotebook(cluster, notebook, pipeline, { ...options, images });
  return { ...found, diagnostics: [...diagnostics, ...found.diagnostics] };
}

/** Where a notebook's steps can go, without the other checks. */
export async function placeProject(
  cluster: Cluster,
  project: Project,
  nodes: ClusterNodes,
  options: PreflightOptions = {}
): Promise<PlacedNotebook> {
  return placeNotebook(cluster, project.notebook, pipelineOf(project), nodes, options);
}

/** What placement adds to the pods, by step. */
export function podPlacements(
  placements: readonly StepPlacement[]
): ReadonlyMap<string, PodPlacement> {
  return new Map(
    placements.map(({ step, affinity, labels }) => [
      step,
      { labels, ...(affinity === undefined ? {} : { affinity }) }
    ])
  );
}

function pipelineOf({ notebook, graph, name }: Project) {
  return buildPipeline(notebook, graph, [], name);
}
