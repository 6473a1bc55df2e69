import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Cluster } from '../../cluster/client';
import type { Kinds } from '../../cluster/objects';
import type { LocalDocument, StepPlan } from '../../compile/types';
import { EventLog } from '../run-store/event-log';
import { submission } from '../run-store/new-run';
import { RunFolder, type RunFile } from '../run-store/run-folder';
import { ANNOTATION } from '../../compile/labels';
import { ofRun } from './selectors';
import { nanoseconds } from './pod-state';

/** What the bundle of a run says of it: see `compile/`. */
interface Bundle {
  readonly notebook: string;
  readonly plans: Readonly<Record<string, StepPlan>>;
  readonly document: Omit<LocalDocument, 'steps'> & {
    readonly steps: readonly Omit<LocalDocument['steps'][number], 'plan'>[];
  };
  readonly parameters: Readonly<Record<string, unknown>>;
}

/**
 * Makes a folder for a run that another machine started, from what the cluster has of it.
 * @param workflows those of the run
 * @returns false if the cluster no longer has what it needs: its ConfigMaps are gone, or it is none of this version
 */
export async function adoptRun(
  cluster: Cluster,
  data: string,
  run: string,
  workflows: readonly Kinds['Workflow'][]
): Promise<boolean> {
  const ordered = [...workflows].sort((a, b) =>
    (a.metadata?.creationTimestamp ?? '') < (b.metadata?.creationTimestamp ?? '') ? -1 : 1
  );
  const [first] = ordered;
  const namespace = first?.metadata?.namespace ?? cluster.namespace;
  const bundle = await readBundle(cluster, namespace, run);
  if (bundle === undefined || first === undefined) {
    return false;
  }
  const folder = new RunFolder(join(data, 'runs', run));
  mkdirSync(folder.path, { recursive: true, mode: 0o700 });
  const document: LocalDocument = {
    ...bundle.document,
    steps: bundle.document.steps.map(step => ({ ...step, plan: bundle.plans[step.name] }))
  };
  const notebook = first.metadata?.annotations?.[ANNOTATION.notebook] ?? 'notebook.ipynb';
  const file: RunFile = {
    version: 1,
    run,
    document,
    options: { jobs: 1, python: '', workdir: '', parameters: bundle.parameters, notebook },
    cluster: {
      context: cluster.context,
      namespace,
      workflows: ordered.map(each => each.metadata?.name ?? '')
    }
  };
  try {
    folder.fill(file, bundle.notebook, {});
    const log = new EventLog(folder.events);
    log.append(submission(file, 'argo'), nanoseconds(first.metadata?.creationTimestamp));
    if (log.failure) {
      throw log.failure;
    }
  } catch (error) {
    rmSync(folder.path, { recursive: true, force: true });
    throw error;
  }
  return true;
}

async function readBundle(
  cluster: Cluster,
  namespace: string,
  run: string
): Promise<Bundle | undefined> {
  const maps = await cluster.list('ConfigMap', { namespace, labelSelector: ofRun(run) });
  const parts = [...maps]
    .sort((a, b) => ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1))
    .flatMap(each => each.binaryData?.bundle ?? []);
  if (parts.length === 0) {
    return undefined;
  }
  const packed = Buffer.concat(parts.map(each => Buffer.from(each, 'base64')));
  return JSON.parse(gunzipSync(packed).toString('utf-8')) as Bundle;
}
