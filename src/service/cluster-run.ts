import { basename } from 'node:path';
import { compileRun, type ArgoSources, type PodPlacement } from '../compile/argo';
import { replacedTags } from '../compile/argo-variables';
import type { LocalDocument, RunManifests } from '../compile/types';
import type { Diagnostic } from '../diagnostics/types';
import type { Parameter, Pipeline } from '../pipeline/types';
import { BOOT_TEXT } from '../runtime/program';
import { makeBundle } from './bundle';
import { podPipeline } from './pod-pipeline';
import type { Project } from './project';

/** What the user asks of a run on a cluster, beside what the notebook says. */
export interface ClusterChoices {
  readonly image?: string;
  readonly serviceAccount?: string;
  readonly runAsUser?: number;
  readonly volumeSize?: string;
  readonly storageClass?: string;
  readonly accessMode?: string;
  /** What placement adds to the pods of a run of this id, by step. */
  readonly placements?: (run: string) => ReadonlyMap<string, PodPlacement>;
  /** For a document that everything must stand in, which has less room. */
  readonly standsAlone?: boolean;
}

/** A project bound to parameters and images, checked, for Argo. */
export interface PreparedClusterRun {
  readonly pipeline: Pipeline;
  readonly sources: ArgoSources;
  readonly document: LocalDocument;
  readonly parameters: readonly Parameter[];
  readonly diagnostics: readonly Diagnostic[];
  /** The objects of a run of this id. */
  manifests(run: string): RunManifests;
}

/** Size of a run's volume where neither the settings nor the user name one. */
const VOLUME_SIZE = '2Gi';

/** Prepares a project for a cluster. Reads the files that travel with it; sends nothing. */
export function prepareClusterRun(
  project: Project,
  given: ReadonlyMap<string, string>,
  choices: ClusterChoices
): PreparedClusterRun {
  const { notebook } = project;
  const prepared = podPipeline(project, notebook, given, choices.image);
  const { pipeline, document, images, parameters, diagnostics } = prepared;
  const bundle = makeBundle(project, pipeline, document, choices.standsAlone !== true);
  const { volume, timeout } = notebook.settings;
  const storageClass = choices.storageClass ?? volume.storageClass;
  const sources: ArgoSources = {
    pipeline,
    document,
    notebook: basename(project.path),
    images,
    boot: BOOT_TEXT,
    bundle: bundle.packed,
    volume: {
      size: choices.volumeSize ?? volume.size ?? VOLUME_SIZE,
      accessMode: choices.accessMode ?? volume.accessMode ?? 'ReadWriteOnce',
      ...(storageClass === undefined ? {} : { storageClass })
    },
    ...(choices.serviceAccount === undefined ? {} : { serviceAccount: choices.serviceAccount }),
    ...(choices.runAsUser === undefined ? {} : { runAsUser: choices.runAsUser }),
    ...(timeout === undefined ? {} : { timeout })
  };
  return {
    pipeline,
    sources,
    document,
    parameters,
    diagnostics: [...diagnostics, ...replacedTags(notebook, pipeline), ...bundle.diagnostics],
    manifests: run =>
      compileRun(
        choices.placements ? { ...sources, placements: choices.placements(run) } : sources,
        run
      )
  };
}
