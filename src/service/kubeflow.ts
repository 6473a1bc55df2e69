import { basename } from 'node:path';
import { compileKfp } from '../compile/kfp/compile';
import { kfpSettings } from '../compile/kfp/parameters';
import type { KfpSources } from '../compile/kfp/types';
import { writeKfp } from '../compile/kfp/yaml';
import type { Diagnostic } from '../diagnostics/types';
import type { Notebook } from '../notebook/types';
import { placeSteps } from '../pipeline/placement';
import { checkResources } from '../pipeline/resources';
import { decideVolume } from '../pipeline/volume';
import { BOOT_TEXT } from '../runtime/program';
import { makePodBundle } from './bundle';
import { podPipeline } from './pod-pipeline';
import type { Project } from './project';

/** What the user asks of the document, beside what the notebook says. */
export interface KubeflowChoices extends Pick<KfpSources, 'imagePullPolicy'> {
  readonly image?: string;
  readonly runAsUser?: number;
  readonly volumeSize?: string;
  readonly storageClass?: string;
  readonly accessMode?: string;
}

/** A pipeline for Kubeflow as a file, and all that is wrong with it beyond the project's own diagnostics. */
export interface KubeflowPipeline {
  /** Two YAML documents; absent if an error keeps them from being right. */
  readonly text?: string;
  readonly tasks: number;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Compiles a project for Kubeflow Pipelines. Reads the files that travel with it; asks no cluster, so that places become preferences over usual latencies.
 * @param given values of parameters, by name
 * @param version Notepod's own
 */
export function compileForKubeflow(
  project: Project,
  given: ReadonlyMap<string, string>,
  choices: KubeflowChoices,
  version: string
): KubeflowPipeline {
  const { sources, diagnostics } = kubeflowSources(project, given, choices, version);
  if (sources === undefined) {
    return { tasks: 0, diagnostics };
  }
  const documents = compileKfp(sources);
  return {
    text: writeKfp(documents, header(sources)),
    tasks: documents.tasks,
    diagnostics: [...diagnostics, ...documents.diagnostics]
  };
}

/** What the documents are made from; no sources if there is no volume that the run could have. */
export function kubeflowSources(
  project: Project,
  given: ReadonlyMap<string, string>,
  choices: KubeflowChoices,
  version: string
): { readonly sources?: KfpSources; readonly diagnostics: readonly Diagnostic[] } {
  const notebook = withVolume(project.notebook, choices);
  const prepared = podPipeline(project, notebook, given, choices.image);
  const { pipeline, document, images, diagnostics } = prepared;
  const bundle = makePodBundle(project, document, kfpSettings(pipeline));
  const placed = placeSteps(notebook, pipeline, undefined, {
    extender: notebook.settings.extender
  });
  const { volume, placements, ...decided } = decideVolume(
    notebook,
    pipeline,
    placed.placements,
    undefined
  );
  const found = [
    ...diagnostics,
    ...bundle.diagnostics,
    ...checkResources(notebook),
    ...placed.diagnostics,
    ...decided.diagnostics
  ];
  const { timeout } = notebook.settings;
  return volume === undefined
    ? { diagnostics: found }
    : {
        diagnostics: found,
        sources: {
          notebook,
          notebookName: basename(project.path),
          pipeline,
          document,
          images,
          boot: BOOT_TEXT,
          bundle: bundle.packed,
          placements,
          volume,
          version,
          ...(choices.imagePullPolicy === undefined
            ? {}
            : { imagePullPolicy: choices.imagePullPolicy }),
          ...(choices.runAsUser === undefined ? {} : { runAs: { user: choices.runAsUser } }),
          ...(timeout === undefined ? {} : { timeout })
        }
      };
}

/** The notebook with what is asked of the volume now, which goes before its settings. */
function withVolume(notebook: Notebook, choices: KubeflowChoices): Notebook {
  const { settings } = notebook;
  const { volumeSize, storageClass, accessMode } = choices;
  return {
    ...notebook,
    settings: {
      ...settings,
      volume: {
        ...settings.volume,
        ...(volumeSize === undefined ? {} : { size: volumeSize }),
        ...(storageClass === undefined ? {} : { storageClass }),
        ...(accessMode === undefined ? {} : { accessMode })
      }
    }
  };
}

function header({ notebookName, document, version }: KfpSources): readonly string[] {
  return [
    `A pipeline for Kubeflow Pipelines 2.14 and newer, made by notepod ${version} from ${notebookName}`,
    `(SHA-256 of its cells and tags: ${document.notebookHash}).`,
    'Upload it in Kubeflow, or with the kfp SDK. Two documents: the pipeline (IR, schema 2.1.0), and what only Kubernetes knows of it.',
    'The steps hand over their values on the workspace volume. Their code stands once, packed, in the variables NOTEPOD_BUNDLE_* of the first task.',
    'Change the notebook and compile it again rather than this file.'
  ];
}
