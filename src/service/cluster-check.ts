import type { Cluster } from '../cluster/client';
import {
  checkNotebook,
  placeNotebook,
  type NotebookPreflight,
  type PlacedNotebook,
  type PreflightOptions
} from '../cluster/preflight';
import type { ClusterNodes } from '../cluster/nodes';
import { LABEL } from '../compile/labels';
import { buildPipeline } from '../pipeline/pipeline';
import type { ClusterChoices } from './cluster-run';
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

/** What the checks come to for the run itself: its volume, and what placement adds to the pods. */
export function choicesOf({ volume, placementsInRun }: NotebookPreflight): ClusterChoices {
  return {
    ...(volume === undefined
      ? {}
      : {
          accessMode: volume.accessMode,
          ...(volume.storageClass === undefined ? {} : { storageClass: volume.storageClass })
        }),
    placements: run =>
      new Map(
        placementsInRun({ [LABEL.run]: run }).map(({ step, affinity, labels }) => [
          step,
          { labels, ...(affinity === undefined ? {} : { affinity }) }
        ])
      )
  };
}

function pipelineOf({ notebook, graph, name }: Project) {
  return buildPipeline(notebook, graph, [], name);
}
